//! The shading of heat maps, and the bar that explains it.

use plotters::style::RGBColor;

use super::backend::Area;
use super::elements::{label, polyline};
use super::geometry::{Rect, at};
use super::marker::Dash;
use super::palette::{BORDER, HAIRLINE, PAGE, QUIET_TEXT, mix};
use super::text::{Anchor, TextStyle};
use crate::error::Result;

/// Stops of a single-hue ramp from the page to dark blue; lightness falls all the way, so it
/// reads the same in grey and to colour-blind eyes.
const RAMP: [(f64, RGBColor); 4] = [
    (0.0, PAGE),
    (0.35, RGBColor(183, 211, 235)),
    (0.7, RGBColor(74, 140, 196)),
    (1.0, RGBColor(8, 55, 115)),
];

/// The colour of a share in 0..=1: the ramp at the share's square root, so that a few per cent
/// already show. A share that is not a number is grey.
pub fn shade(share: f64) -> RGBColor {
    if share.is_nan() {
        return RGBColor(225, 225, 225);
    }
    let at = share.clamp(0.0, 1.0).sqrt();
    let piece = RAMP.windows(2).find(|pair| at <= pair[1].0).unwrap_or(&RAMP[2..]);
    let (from, to) = (piece[0], piece[1]);
    mix(from.1, to.1, (at - from.0) / (to.0 - from.0))
}

/// Room that the bar's numbers and label take to the right of it, in pixels.
pub const SCALE_ROOM: f64 = 84.0;

/// Draws the bar of all shades from 0 at its foot to 100 %, with numbers and a label at the right.
///
/// # Errors
/// plotters cannot draw it.
pub fn draw_scale(page: &Area, bar: Rect, name: &str) -> Result<()> {
    let steps = 300;
    let height = bar.height / f64::from(steps);
    for step in 0..steps {
        let y = bar.bottom() - height * f64::from(step + 1);
        let share = (f64::from(step) + 0.5) / f64::from(steps);
        // The extra half pixel closes the seams of rounding; the next step covers it.
        let part = Rect { y, height: height + 0.5, ..bar };
        page.draw(&part.filled(shade(share * share)))?;
    }
    page.draw(&bar.outlined())?;
    let style = TextStyle::tick().colour(QUIET_TEXT);
    for percent in [0.0, 1.0, 5.0, 10.0, 25.0, 50.0, 75.0, 100.0f64] {
        let y = bar.bottom() - bar.height * (percent / 100.0).sqrt();
        let tick = vec![at((bar.right(), y)), at((bar.right() + 4.0, y))];
        page.draw(&polyline(tick, (BORDER, HAIRLINE, Dash::Solid)))?;
        page.draw(&label(at((bar.right() + 9.0, y)), format!("{percent} %"), style))?;
    }
    let position = at((bar.right() + SCALE_ROOM - 8.0, bar.centre().1));
    let style = TextStyle::label().anchor(Anchor::Middle).upward();
    Ok(page.draw(&label(position, name.to_owned(), style))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ramp_runs_from_the_page_to_dark_without_turning_back() {
        let light = |share: f64| {
            let colour = shade(share);
            0.2126 * f64::from(colour.0)
                + 0.7152 * f64::from(colour.1)
                + 0.0722 * f64::from(colour.2)
        };
        assert_eq!(shade(0.0), PAGE);
        let steps: Vec<f64> = (0..=100).map(|i| light(f64::from(i) / 100.0)).collect();
        assert!(steps.windows(2).all(|pair| pair[1] < pair[0]), "{steps:?}");
        assert!(light(0.02) < 245.0);
        assert!(light(f64::NAN) < 230.0);
    }
}
