//! Values as attributes of SVG elements.

use std::fmt::Write;

use plotters::style::RGBColor;

use super::geometry::Point;
use super::marker::Dash;
use super::series_style::SeriesStyle;

/// The same name means the same marker.
pub fn shape_name((style, radius, alpha): (SeriesStyle, f64, f64)) -> String {
    let hollow = if style.marker.hollow { "-hollow" } else { "" };
    let hundredths = |value: f64| (value * 100.0).round();
    format!(
        "{:?}{hollow}-{}-{}-{}",
        style.marker.shape,
        &colour(style.colour)[1..],
        hundredths(radius),
        hundredths(alpha)
    )
}

/// Straight lines through some points.
pub fn path(points: &[Point]) -> String {
    let mut text = String::new();
    for (index, (x, y)) in points.iter().enumerate() {
        let letter = if index == 0 { 'M' } else { 'L' };
        let _ = write!(text, "{letter}{} {}", number(*x), number(*y));
    }
    text
}

/// The dash pattern of a line.
pub fn dashes(dash: Dash, width: f64) -> String {
    match dash.pattern() {
        [] => " stroke-linejoin=\"round\" stroke-linecap=\"square\"".to_owned(),
        pattern => {
            let lengths: Vec<String> = pattern.iter().map(|part| number(part * width)).collect();
            format!(" stroke-linecap=\"square\" stroke-dasharray=\"{}\"", lengths.join(" "))
        }
    }
}

/// How much of what is below shows through.
pub fn opacity(alpha: f64) -> String {
    if alpha < 1.0 { format!(" fill-opacity=\"{}\"", number(alpha)) } else { String::new() }
}

/// Two decimals are enough.
pub fn number(value: f64) -> String {
    let rounded = (value.clamp(-1e5, 1e5) * 100.0).round() / 100.0;
    // Minus zero is zero.
    format!("{}", rounded + 0.0)
}

/// A colour as `#rrggbb`.
pub fn colour(colour: RGBColor) -> String {
    format!("#{:02x}{:02x}{:02x}", colour.0, colour.1, colour.2)
}

/// Text in which nothing is markup.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}
