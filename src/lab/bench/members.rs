//! How is a member of a JSON object read that another process wrote?
//!
//! Each answer is a value or a sentence that names the member; nothing is guessed.

use crate::time::{Instant, at};
use serde_json::Value;

/// The object that a text is; what is longer than `bytes_max` is not even read.
pub fn object(text: &str, bytes_max: usize) -> Result<Value, String> {
    if text.len() > bytes_max {
        return Err(format!("longer than {bytes_max} bytes"));
    }
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if value.is_object() { Ok(value) } else { Err("no JSON object".to_owned()) }
}

/// A member that must be there.
pub fn member<'a>(value: &'a Value, name: &str) -> Result<&'a Value, String> {
    value.get(name).ok_or_else(|| format!("`{name}` is missing"))
}

/// A whole number.
pub fn number(value: &Value, name: &str) -> Result<u64, String> {
    member(value, name)?.as_u64().ok_or_else(|| format!("`{name}` is no whole number"))
}

/// A whole number that fits.
pub fn fitting<T: TryFrom<u64>>(value: &Value, name: &str) -> Result<T, String> {
    T::try_from(number(value, name)?).map_err(|_| format!("`{name}` is too large"))
}

/// A moment, in microseconds.
pub fn moment(value: &Value, name: &str) -> Result<Instant, String> {
    number(value, name).map(at)
}

/// A text.
pub fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str, String> {
    member(value, name)?.as_str().ok_or_else(|| format!("`{name}` is no text"))
}

/// A list.
pub fn list<'a>(value: &'a Value, name: &str) -> Result<&'a [Value], String> {
    member(value, name)?.as_array().map(Vec::as_slice).ok_or_else(|| format!("`{name}` is no list"))
}
