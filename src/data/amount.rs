//! A setting that is `"all"` or a number.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A setting that is `"all"` or an integer of at least 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "toml::Value", into = "toml::Value")]
pub enum Amount {
    /// All.
    #[default]
    All,
    /// This many.
    Of(usize),
}

impl TryFrom<toml::Value> for Amount {
    type Error = String;

    fn try_from(value: toml::Value) -> std::result::Result<Amount, String> {
        match value {
            toml::Value::Integer(number) if number > 0 => Ok(Amount::Of(number as usize)),
            toml::Value::String(text) if text == "all" => Ok(Amount::All),
            other => Err(format!("{other} is neither \"all\" nor a whole number of at least 1")),
        }
    }
}

impl From<Amount> for toml::Value {
    fn from(amount: Amount) -> toml::Value {
        match amount {
            Amount::All => "all".into(),
            Amount::Of(number) => toml::Value::Integer(number as i64),
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Amount::All => f.write_str("all"),
            Amount::Of(number) => number.fmt(f),
        }
    }
}
