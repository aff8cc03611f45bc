//! What a user prefers to see. It is kept with the account, so that it is the same in every browser.

use crate::base::clock::Time;
use crate::base::locale::Lang;
use crate::base::names::{Label, TimeZoneName};
use crate::base::patch::Patch;
use crate::base::{Error, Result};
use crate::store::{Tx, preferences as rows};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which digits numbers are written with. Values to copy, names and addresses always have those of ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Digits {
    /// `0123456789`
    #[default]
    Latin,
    /// `٠١٢٣٤٥٦٧٨٩`, in Arabic only.
    ArabicIndic,
}

/// Which calendars dates are given in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Calendar {
    /// The Gregorian one.
    #[default]
    Gregorian,
    /// The Gregorian one, with the Hijri date (Umm al-Qura) beside it.
    WithHijri,
}

/// What a user prefers to see.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Preferences {
    /// Language; `null` for what each browser says.
    pub language: Option<Lang>,
    /// Digits.
    #[serde(default)]
    pub digits: Digits,
    /// Calendars.
    #[serde(default)]
    pub calendar: Calendar,
    /// Time zone in which times are shown; `null` for the browser's own.
    pub time_zone: Option<TimeZoneName>,
    /// What colleagues call the user; `null` for the name to sign in with.
    pub display_name: Option<Label>,
}

/// What changes of one's preferences; `null` goes back to the default.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PreferencesPatch {
    /// Language of the pages.
    #[serde(default)]
    pub language: Patch<Lang>,
    /// Digits that numbers are written with.
    #[serde(default)]
    pub digits: Patch<Digits>,
    /// Calendars that dates are given in.
    #[serde(default)]
    pub calendar: Patch<Calendar>,
    /// Time zone in which times are shown (IANA name).
    #[serde(default)]
    pub time_zone: Patch<TimeZoneName>,
    /// What colleagues call the user.
    #[serde(default)]
    pub display_name: Patch<Label>,
}

/// What the user `id` prefers.
pub(super) fn of(tx: &Tx, id: &str) -> Result<Preferences> {
    let document = rows::of_user(tx, id)?;
    document.map_or_else(|| Ok(Preferences::default()), |text| serde_json::from_str(&text).map_err(Error::fault))
}

/// Changes what the user `id` prefers. Answers the preferences before and after.
pub fn change_preferences(tx: &Tx, id: &str, patch: PreferencesPatch, now: Time) -> Result<(Preferences, Preferences)> {
    let before = of(tx, id)?;
    let PreferencesPatch { language, digits, calendar, time_zone, display_name } = patch;
    let optional = before.clone();
    let after = Preferences {
        language: some(language).apply(optional.language, None),
        digits: digits.apply(before.digits, Digits::default()),
        calendar: calendar.apply(before.calendar, Calendar::default()),
        time_zone: some(time_zone).apply(optional.time_zone, None),
        display_name: some(display_name).apply(optional.display_name, None),
    };
    rows::put(tx, id, &serde_json::to_string(&after).map_err(Error::fault)?, now)?;
    Ok((before, after))
}

/// A patch of a field that may be absent.
fn some<T>(patch: Patch<T>) -> Patch<Option<T>> {
    match patch {
        Patch::Keep => Patch::Keep,
        Patch::Clear => Patch::Clear,
        Patch::Set(value) => Patch::Set(Some(value)),
    }
}
