//! Comma-separated values (RFC 4180) that are safe to open: spreadsheet programs run cells that look like formulas.

/// What a line ends with.
const END: &str = "\r\n";

/// Appends one line to `out`.
pub fn line<'a>(out: &mut String, cells: impl IntoIterator<Item = &'a str>) {
    for (i, cell) in cells.into_iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        out.push('"');
        if is_formula(cell) {
            // An apostrophe in front makes it text (OWASP, “CSV Injection”).
            out.push('\'');
        }
        out.push_str(&cell.replace('"', "\"\""));
        out.push('"');
    }
    out.push_str(END);
}

/// Whether a spreadsheet program may take the cell for a formula; the wide forms are what some of them read as the plain
/// ones.
fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(cells: &[&str]) -> String {
        let mut out = String::new();
        line(&mut out, cells.iter().copied());
        out
    }

    #[test]
    fn cells_are_quoted_and_lines_end_as_the_format_says() {
        assert_eq!(of(&["a", "b,c", "say \"no\"\nnow", ""]), "\"a\",\"b,c\",\"say \"\"no\"\"\nnow\",\"\"\r\n");
    }

    #[test]
    fn what_looks_like_a_formula_is_text() {
        for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"] {
            assert_eq!(of(&[cell]), format!("\"'{cell}\"\r\n"));
        }
        assert_eq!(of(&["a=1", " =1"]), "\"a=1\",\" =1\"\r\n");
    }
}
