//! Input fields of operations as arguments, and arguments as input.

use super::prompt;
use super::tree::Say;
use crate::base::{Error, FieldProblem, Kind, Result, schema as check};
use crate::ops::{Method, Op, run, schema};
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches};
use serde_json::{Map, Value, json};

/// One input field.
pub(super) struct Field {
    /// Its name in the API.
    pub(super) name: &'static str,
    /// Its flag, without the dashes.
    pub(super) flag: String,
    /// Whether it has to be given.
    pub(super) required: bool,
    /// Whether it stands in the path and so is an argument by position, too.
    pub(super) in_path: bool,
    /// Whether it is a secret: read from the standard input or a file, never from the arguments others can see.
    pub(super) secret: bool,
    /// Whether it is a text that lies in a file, such as a certificate: the file is named.
    file: bool,
    schema: &'static Value,
}

impl Field {
    /// Whether it is a secret that is a line of the standard input.
    fn by_line(&self) -> bool {
        self.secret && !self.file
    }

    fn kind(&self) -> &str {
        schema::field_type(self.schema)
    }

    /// Whether `null` means something: in a merge patch, back to the default.
    fn clearable(&self) -> bool {
        self.schema["x-clear"] == true
    }

    /// Whether it is a list of things with name and value, such as headers.
    fn is_pairs(&self) -> bool {
        let items = &schema::field_schema(self.schema)["items"];
        self.kind() == "array" && items["properties"]["name"].is_object() && items["properties"]["value"].is_object()
    }

    fn choices(&self) -> Vec<String> {
        let inner = schema::field_schema(self.schema);
        let inner = if self.kind() == "array" { &inner["items"] } else { inner };
        let constants = |list: &Value| {
            let options = list.as_array().into_iter().flatten();
            options.filter_map(|o| o.get("const").unwrap_or(o).as_str().map(str::to_owned)).collect::<Vec<_>>()
        };
        let found = constants(&inner["enum"]);
        if found.is_empty() { constants(&inner["oneOf"]) } else { found }
    }

    fn value_name(&self) -> String {
        match self.kind() {
            "integer" | "number" => "N".into(),
            _ if self.file => "FILE".into(),
            _ if self.is_pairs() => "NAME: VALUE".into(),
            _ => self.flag.to_uppercase().replace('-', "_"),
        }
    }

    /// The catalogue's words for the field: of this operation, of all that have a field of the name,
    /// or of the option that it sets.
    pub(super) fn told(&self, op: &Op, say: Say) -> Option<String> {
        let own = say.find(&format!("cli.field.{}_{}", op.meta.id.replace('.', "_"), self.name));
        own.or_else(|| say.find(&format!("cli.field.{}", self.name)))
            .or_else(|| say.find(&format!("option.{}", self.name)))
    }

    /// What the field is for, in the reader's language, with what it accepts.
    pub(super) fn help(&self, op: &Op, say: Say) -> String {
        let described = self.schema["description"].as_str().unwrap_or_default().trim_end_matches('.').to_owned();
        let mut text = self.told(op, say).unwrap_or(described);
        let (choices, inner) = (self.choices(), schema::field_schema(self.schema));
        if !choices.is_empty() {
            text += &format!(" [{}]", choices.join(", "));
        } else if let (Some(min), Some(max)) = (inner["minimum"].as_i64(), inner["maximum"].as_i64()) {
            text += &format!(" [{min}…{max}]");
        }
        if self.file {
            text += &format!(" [{}]", say.say("cli.usage.file"));
        }
        if self.required { format!("{text} ({})", say.say("cli.usage.required")) } else { text }
    }
}

/// The fields of an operation.
pub(super) fn of(op: &Op) -> Vec<Field> {
    let input = schema::input(op);
    let path: Vec<_> = op.meta.path_fields().collect();
    let required = |name: &str| input["required"].as_array().is_some_and(|r| r.iter().any(|v| v == name));
    let fields = input["properties"].as_object().into_iter().flatten();
    fields
        .map(|(name, schema)| Field {
            name,
            flag: schema["x-flag"].as_str().unwrap_or(name).replace('_', "-"),
            required: required(name),
            in_path: path.contains(&name.as_str()),
            secret: schema::field_schema(schema)["format"] == "password",
            file: schema["x-file"] == true,
            schema,
        })
        .collect()
}

/// The arguments of an operation. With `choices` the values of closed sets are known to clap, for completions.
pub(super) fn args(op: &Op, say: Say, choices: bool) -> Vec<Arg> {
    let mut args = Vec::new();
    let heading = say.say("cli.heading.flags");
    let fields = of(op);
    for field in &fields {
        let help = if say.0.is_some() { field.help(op, say) } else { String::new() };
        if field.in_path {
            let positional = Arg::new(format!("@{}", field.name)).value_name(field.value_name()).help(help.clone());
            args.push(positional.help_heading(say.say("cli.heading.arguments")).conflicts_with(field.name));
        }
        args.push(flag(field, choices).help(help).help_heading(heading.clone()).hide(field.in_path));
    }
    if op.meta.method == Method::Patch {
        let names: Vec<String> = fields.iter().filter(|f| f.clearable()).map(|f| f.flag.clone()).collect();
        let unset = Arg::new("unset").long("unset").value_name("FLAG").action(ArgAction::Append);
        let help = format!("{} [{}]", say.say("cli.flag.unset"), names.join(", "));
        let unset = unset.value_parser(PossibleValuesParser::new(names)).hide_possible_values(true);
        args.push(unset.help(help).help_heading(heading));
    }
    args
}

fn flag(field: &Field, choices: bool) -> Arg {
    if field.by_line() {
        return Arg::new(field.name).long(format!("{}-stdin", field.flag)).action(ArgAction::SetTrue);
    }
    let arg = Arg::new(field.name).long(field.flag.clone()).value_name(field.value_name());
    match field.kind() {
        "boolean" => arg.num_args(0..=1).require_equals(true).default_missing_value("true").value_name("true|false"),
        "array" => arg.action(ArgAction::Append),
        _ if choices && !field.choices().is_empty() => {
            arg.value_parser(PossibleValuesParser::new(field.choices())).hide_possible_values(true)
        }
        _ => arg,
    }
}

/// What follows the command's words in its usage line.
pub(super) fn usage(op: &Op, say: Say) -> String {
    let mut parts = Vec::new();
    for field in of(op).iter().filter(|f| f.required) {
        parts.push(match (field.in_path, field.by_line()) {
            (true, _) => format!("<{}>", field.value_name()),
            (_, true) => format!("--{}-stdin", field.flag),
            _ => format!("--{} <{}>", field.flag, field.value_name()),
        });
    }
    parts.push(format!("[{}]", say.say("cli.usage.options")));
    parts.join(" ")
}

/// The input that the arguments ask for, checked as the panel would check it, so that every problem is told at once and
/// named by its flag.
pub(super) fn input(op: &Op, matches: &ArgMatches, say: Say) -> Result<Value> {
    let fields = of(op);
    let mut texts: Vec<(&str, &str)> = Vec::new();
    let mut input = Map::new();
    for field in fields.iter().filter(|f| !f.secret && !f.file) {
        let given = matches.get_many::<String>(field.name).into_iter().flatten();
        let by_position = field.in_path.then(|| matches.get_one::<String>(&format!("@{}", field.name))).flatten();
        let values: Vec<&str> = given.chain(by_position).map(String::as_str).collect();
        if field.is_pairs() && !values.is_empty() {
            input.insert(field.name.into(), values.iter().filter(|v| !v.is_empty()).map(|v| pair(v)).collect());
        } else {
            texts.extend(values.into_iter().map(|value| (field.name, value)));
        }
    }
    input.extend(run::input_from_texts(op, texts.into_iter()));
    if op.meta.method == Method::Patch {
        for flag in matches.get_many::<String>("unset").into_iter().flatten() {
            let field = fields.iter().find(|f| f.flag == *flag);
            input.extend(field.map(|f| (f.name.to_owned(), Value::Null)));
        }
    }
    read_files(&fields, matches, &mut input)?;
    read_secrets(op, &fields, matches, &mut input, say)?;
    let input = Value::Object(input);
    let problems = check::problems(schema::input(op), &input);
    if problems.is_empty() {
        Ok(input)
    } else {
        Err(Error::bad_input(problems.into_iter().map(|p| by_flag(p, &fields)).collect()))
    }
}

/// `Name: value` as an object. What has no colon becomes a name without a value, which the check refuses.
fn pair(text: &str) -> Value {
    let (name, value) = text.split_once(':').unwrap_or((text, ""));
    json!({ "name": name.trim(), "value": value.trim() })
}

/// Texts that lie in files. The first one to read the standard input would leave nothing for a second.
fn read_files(fields: &[Field], matches: &ArgMatches, input: &mut Map<String, Value>) -> Result<()> {
    let named = fields.iter().filter(|f| f.file);
    let named: Vec<_> = named.filter_map(|f| Some((f, matches.get_one::<String>(f.name)?))).collect();
    if named.iter().filter(|(_, path)| *path == "-").count() > 1 {
        return Err(Error::new(Kind::BadInput, "cli_input_twice"));
    }
    for (field, path) in named {
        input.insert(field.name.into(), prompt::read_file(path)?.into());
    }
    Ok(())
}

/// Secrets come from the standard input, one line each in the order of the fields; at a terminal they are asked for.
fn read_secrets(
    op: &Op,
    fields: &[Field],
    matches: &ArgMatches,
    input: &mut Map<String, Value>,
    say: Say,
) -> Result<()> {
    for field in fields.iter().filter(|f| f.by_line()) {
        let asked = matches.get_flag(field.name);
        if asked || (field.required && prompt::at_terminal()) {
            let label = field.help(op, Say(say.0));
            input.insert(field.name.into(), prompt::secret(&label)?.into());
        }
    }
    Ok(())
}

/// Names the flag instead of the API's field.
fn by_flag(problem: FieldProblem, fields: &[Field]) -> FieldProblem {
    let name = problem.field.split(['[', '.']).next().unwrap_or_default();
    match fields.iter().find(|f| f.name == name) {
        Some(field) => {
            let end = if field.by_line() { "-stdin" } else { "" };
            FieldProblem { field: format!("--{}{end}", field.flag), ..problem }
        }
        None => problem,
    }
}
