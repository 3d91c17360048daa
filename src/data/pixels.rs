//! Pixel values as in a file, and the scale that brings them into 0..1.

use serde::{Deserialize, Serialize};

/// Pixel values of all images, row-major `[N, C, H, W]`.
///
/// Whole numbers up to 255 stay bytes, which take a quarter of the memory.
#[derive(Debug, Clone, PartialEq)]
pub enum Pixels {
    /// Whole numbers 0..=255.
    Bytes(Vec<u8>),
    /// Any other numbers, all finite.
    Floats(Vec<f32>),
}

impl Default for Pixels {
    fn default() -> Pixels {
        Pixels::Bytes(Vec::new())
    }
}

impl Pixels {
    /// Stores values as bytes if all are whole numbers from 0 to 255.
    pub fn from_floats(values: Vec<f32>) -> Pixels {
        let is_byte = |value: &f32| *value == f32::from(*value as u8);
        match values.iter().all(is_byte) {
            true => Pixels::Bytes(values.into_iter().map(|value| value as u8).collect()),
            false => Pixels::Floats(values),
        }
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        match self {
            Pixels::Bytes(values) => values.len(),
            Pixels::Floats(values) => values.len(),
        }
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether every value is a whole number.
    pub fn are_whole(&self) -> bool {
        match self {
            Pixels::Bytes(_) => true,
            Pixels::Floats(values) => values.iter().all(|value| value.fract() == 0.0),
        }
    }

    /// The smallest and the largest value; `None` if there are none.
    pub fn range(&self) -> Option<(f32, f32)> {
        match self {
            Pixels::Bytes(values) => {
                let first = *values.first()?;
                // By value, so that the loop is vectorised.
                let wider = |(min, max): (u8, u8), &value: &u8| (min.min(value), max.max(value));
                let (min, max) = values.iter().fold((first, first), wider);
                Some((f32::from(min), f32::from(max)))
            }
            Pixels::Floats(values) => values.iter().fold(None, |range, &value| {
                let (min, max) = range.unwrap_or((value, value));
                Some((value.min(min), value.max(max)))
            }),
        }
    }

    /// Values for display, 0..=255; if some are negative, −1 is black and 0 is grey.
    pub fn grey(&self, scale: f32) -> Vec<u8> {
        let is_signed = self.range().is_some_and(|(min, _)| min < 0.0);
        let grey = |value: f32| {
            let fraction = if is_signed { (value / scale + 1.0) / 2.0 } else { value / scale };
            (fraction * 255.0).round() as u8
        };
        match self {
            Pixels::Bytes(values) => values.iter().map(|&value| grey(f32::from(value))).collect(),
            Pixels::Floats(values) => values.iter().map(|&value| grey(value)).collect(),
        }
    }

    /// The arithmetic mean; NaN if there are no values.
    pub fn mean(&self) -> f64 {
        let sum = match self {
            Pixels::Bytes(values) => values.iter().map(|&v| u64::from(v)).sum::<u64>() as f64,
            Pixels::Floats(values) => values.iter().map(|&value| f64::from(value)).sum(),
        };
        sum / self.len() as f64
    }
}

/// The divisor of pixel values: a setting that is `"auto"` or a number above 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "toml::Value", into = "toml::Value")]
pub enum Scale {
    /// 1, 16, 255 or 65,535, depending on the range of all values.
    #[default]
    Auto,
    /// This number.
    By(f64),
}

impl TryFrom<toml::Value> for Scale {
    type Error = String;

    fn try_from(value: toml::Value) -> std::result::Result<Scale, String> {
        let number = match &value {
            toml::Value::Integer(number) => Some(*number as f64),
            toml::Value::Float(number) => Some(*number),
            toml::Value::String(text) if text == "auto" => return Ok(Scale::Auto),
            _ => None,
        };
        let divides = |number: &f64| *number as f32 > 0.0 && (*number as f32).is_finite();
        let problem =
            || format!("{value} is neither \"auto\" nor a number above 0 such as 1, 16 or 255");
        number.filter(divides).map(Scale::By).ok_or_else(problem)
    }
}

impl From<Scale> for toml::Value {
    fn from(scale: Scale) -> toml::Value {
        match scale {
            Scale::Auto => "auto".into(),
            Scale::By(number) => toml::Value::Float(number),
        }
    }
}

impl std::str::FromStr for Scale {
    type Err = String;

    /// `auto` or a number, as on the command line.
    fn from_str(text: &str) -> std::result::Result<Scale, String> {
        let value = match text.parse::<f64>() {
            Ok(number) => toml::Value::Float(number),
            Err(_) => toml::Value::String(text.to_owned()),
        };
        Scale::try_from(value)
    }
}

impl Scale {
    /// The divisor for these values.
    ///
    /// # Errors
    /// What is wrong with their range, and what to do about it.
    pub fn divisor(self, pixels: &Pixels) -> std::result::Result<f32, (String, &'static str)> {
        const KNOWN: [f32; 4] = [1.0, 16.0, 255.0, 65_535.0];
        if let Scale::By(number) = self {
            return Ok(number as f32);
        }
        let (min, max) = match pixels.range() {
            // All pixels are black: any scale will do.
            None | Some((0.0, 0.0)) => return Ok(255.0),
            Some(range) => range,
        };
        let fail = |problem: String| {
            let remedy = "set their divisor with --scale (1 leaves them unchanged)";
            Err((format!("has pixel values from {min} to {max}, {problem}"), remedy))
        };
        if min < 0.0 {
            return fail("but pixels must not be negative".to_owned());
        }
        // Resizing makes values overshoot a little, but gives no whole numbers.
        let slack = if pixels.are_whole() { 1.0 } else { 1.5 };
        let fits = |&largest: &f32| max <= largest || (largest != 16.0 && max <= largest * slack);
        match KNOWN.into_iter().find(fits) {
            Some(scale) => Ok(scale),
            None => fail("more than the 65535 of 16-bit images".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn divisor(values: &[f32]) -> std::result::Result<f32, (String, &'static str)> {
        Scale::Auto.divisor(&Pixels::from_floats(values.to_vec()))
    }

    #[test]
    fn whole_numbers_up_to_255_become_bytes_and_others_floats() {
        assert_eq!(Pixels::from_floats(vec![0.0, 255.0, -0.0]), Pixels::Bytes(vec![0, 255, 0]));
        for odd in [0.5, 256.0, -1.0, 65_535.0] {
            assert_eq!(Pixels::from_floats(vec![3.0, odd]), Pixels::Floats(vec![3.0, odd]));
        }
    }

    #[test]
    fn the_range_determines_the_scale() {
        for (largest, scale) in [
            (1.0, 1.0),
            (0.4, 1.0),
            (1.04, 1.0),
            (258.5, 255.0),
            (2.0, 16.0),
            (16.0, 16.0),
            (17.0, 255.0),
            (200.0, 255.0),
            (255.0, 255.0),
            (256.0, 65_535.0),
            (65_535.0, 65_535.0),
        ] {
            assert_eq!(divisor(&[0.0, largest]), Ok(scale), "{largest}");
        }
        assert_eq!((divisor(&[]), divisor(&[0.0])), (Ok(255.0), Ok(255.0)));
    }

    #[test]
    fn an_unknown_range_is_rejected_unless_a_scale_is_given() {
        let (problem, remedy) = divisor(&[-1.0, 1.0]).unwrap_err();
        assert_eq!(problem, "has pixel values from -1 to 1, but pixels must not be negative");
        assert!(remedy.contains("--scale"));
        assert!(divisor(&[0.0, 65_536.0]).unwrap_err().0.contains("more than the 65535"));
        assert_eq!(Scale::By(2.0).divisor(&Pixels::Floats(vec![-1.0])), Ok(2.0));
    }

    #[test]
    fn a_scale_is_parsed_from_text_and_toml() {
        assert_eq!(("auto".parse(), "16".parse()), (Ok(Scale::Auto), Ok(Scale::By(16.0))));
        for bad in ["0", "-1", "nan", "inf", "much", "1e-60"] {
            assert!(bad.parse::<Scale>().unwrap_err().contains("neither \"auto\" nor a number"));
        }
        let read = |text: &str| Scale::try_from(toml::Value::from(text));
        assert!(read("255").is_err() && Scale::try_from(toml::Value::Integer(255)).is_ok());
    }
}
