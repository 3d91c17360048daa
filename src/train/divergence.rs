//! The error of a diverged training run: where it diverged and which setting to change.

use toml::{Table, Value};

use super::{Task, TrainConfig};
use crate::data::Images;
use crate::error::{Divergence, Error};
use crate::loss::Loss;
use crate::words::significant;

/// A setting this many times its default is named as a possible cause.
const FAR: f64 = 10.0;
/// Pixels this many times the usual 1 are named, which standardised pixels do not reach.
const FAR_PIXELS: f64 = 100.0;
/// At most so many causes are named.
const MOST_CAUSES: usize = 3;

/// The error for a NaN or infinite loss: which loss, the epoch and the step in it, and whether any
/// weight had been updated.
pub(super) fn diverged(
    task: &Task,
    (kind, loss): (&str, f64),
    (epoch, step): (usize, &str),
    updated: bool,
) -> Error {
    Error::Diverged(Divergence {
        why: format!("the {kind} loss became {loss} in epoch {epoch}, {step}"),
        remedy: remedy(task.config, task.loss, task.images, updated),
    })
}

/// What to change so that training does not diverge: settings far from their defaults, otherwise the
/// learning rate, which cannot be the cause unless weights were `updated`.
pub fn remedy(config: &TrainConfig, loss: &Loss, images: &Images, updated: bool) -> String {
    let mut causes = far_settings(config, loss, updated);
    let reach = images.reach();
    if reach.is_nan() || reach >= FAR_PIXELS {
        let message = format!(
            "a data.scale (--scale) that brings the pixels near 1 (they reach {})",
            format_number(reach)
        );
        causes.push((reach, message));
    }
    causes.sort_by(|a, b| b.0.total_cmp(&a.0));
    let message: Vec<String> =
        causes.into_iter().map(|(_, message)| message).take(MOST_CAUSES).collect();
    match message.is_empty() {
        false => format!("try {}", message.join(", or ")),
        true if updated => lower_rates(config, loss),
        true => {
            "no weight had been updated, so the learning rate is not the cause: look for extreme \
                 pixels with dml data check, and for extreme weights in the file of model.init, if \
                 set"
            .to_owned()
        }
    }
}

/// Settings far from their defaults in the direction that makes training diverge, with their distance.
fn far_settings(config: &TrainConfig, loss: &Loss, updated: bool) -> Vec<(f64, String)> {
    let settings = |loss: &Loss| Table::try_from(loss).expect("settings are plain values");
    let default = Loss::by_name(loss.name()).map(|loss| settings(&loss)).unwrap_or_default();
    let of_loss = settings(loss).into_iter().filter_map(|(key, value)| {
        let default = number(default.get(&key)?)?;
        Some((format!("loss.{key}"), number(&value)?, default))
    });
    let usual = TrainConfig::default();
    let of_training = [
        ("train.learning_rate", config.learning_rate, usual.learning_rate),
        // Its default is 0; decay times learning rate of 1 or more overshoots.
        ("train.weight_decay", config.weight_decay * config.learning_rate, 0.1),
    ];
    let of_training = of_training.map(|(key, value, usual)| (key.to_owned(), value, usual));
    let acts =
        |key: &str| updated || !(key.starts_with("train.") || key.ends_with("learning_rate"));
    let all = of_training.into_iter().chain(of_loss).filter(|(key, ..)| acts(key));
    all.filter_map(|(key, value, default)| match key.as_str() {
        // The only setting that is a divisor.
        "loss.temperature" => far("higher", &key, (value, default), default / value),
        "train.weight_decay" => {
            far("lower", &key, (config.weight_decay, usual.weight_decay), value / default)
        }
        _ => far("lower", &key, (value, default), value.abs() / default.abs().max(1e-3)),
    })
    .collect()
}

fn far(
    direction: &str,
    key: &str,
    (value, default): (f64, f64),
    distance: f64,
) -> Option<(f64, String)> {
    let (value, default) = (format_number(value), format_number(default));
    let message = || format!("a {direction} {key} (it is {value}, the default is {default})");
    (distance >= FAR).then(|| (distance, message()))
}

/// The advice if no setting stands out.
fn lower_rates(config: &TrainConfig, loss: &Loss) -> String {
    let rate = config.learning_rate;
    let of_loss = Table::try_from(loss).expect("settings are plain values");
    let own = of_loss.get("learning_rate").and_then(number);
    let own = own.map_or(String::new(), |own| {
        format!(", or a lower loss.learning_rate than {}", format_number(own))
    });
    format!(
        "try a lower train.learning_rate than {}, such as {}{own}",
        format_number(rate),
        format_number(rate / FAR)
    )
}

fn number(value: &Value) -> Option<f64> {
    value.as_float().or(value.as_integer().map(|whole| whole as f64))
}

/// A number with four digits, in scientific notation if far from 1.
fn format_number(number: f64) -> String {
    let rounded = significant(number, 4);
    match rounded == 0.0 || (1e-3..1e6).contains(&rounded.abs()) {
        true => rounded.to_string(),
        false => format!("{rounded:e}"),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tch::Device;

    use super::*;
    use crate::data::{ReadOptions, open};

    /// The images of the sample, divided by `scale`.
    fn images(scale: f32) -> Images {
        let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/data/fashion-mnist_sample.csv.gz");
        let mut sample = open(Path::new(sample), &ReadOptions::default()).unwrap();
        sample.scale = scale;
        Images::new(&sample, Device::Cpu)
    }

    fn message(loss: &str, settings: &str, rate: f64, updated: bool) -> String {
        let loss: Loss = toml::from_str(&format!("name = \"{loss}\"\n{settings}")).unwrap();
        let config = TrainConfig { learning_rate: rate, ..TrainConfig::default() };
        remedy(&config, &loss, &images(255.0), updated)
    }

    #[test]
    fn a_setting_far_from_its_default_is_named() {
        assert_eq!(
            message("contrastive", "", 1e4, true),
            "try a lower train.learning_rate (it is 10000, the default is 0.001)"
        );
        let margin = message("contrastive", "margin = 1e30", 1e-3, true);
        assert_eq!(margin, "try a lower loss.margin (it is 1e30, the default is 2.5)");
        let temperature = message("nt-xent", "temperature = 1e-40", 1e-3, true);
        assert!(temperature.starts_with("try a higher loss.temperature (it is 1e-40, "));
        // Far on the harmless side, a setting is not named.
        let high = message("nt-xent", "temperature = 1e5", 1e-3, true);
        let low = message("contrastive", "margin = 1e-9", 1e-3, true);
        assert!(!high.contains("temperature") && !low.contains("margin"), "{high} {low}");
    }

    #[test]
    fn the_setting_farthest_from_its_default_comes_first() {
        let both = message("contrastive", "margin = 1e30", 1.0, true);
        let start = "try a lower loss.margin (it is 1e30, the default is 2.5), or a lower \
                     train.learning_rate (it is 1, ";
        assert!(both.starts_with(start), "{both}");
    }

    #[test]
    fn otherwise_a_tenth_of_the_learning_rate_is_suggested() {
        let plain = message("contrastive", "", 0.005, true);
        assert_eq!(plain, "try a lower train.learning_rate than 0.005, such as 5e-4");
        assert!(
            message("proxy-nca", "", 0.005, true).contains(", or a lower loss.learning_rate than")
        );
    }

    #[test]
    fn the_learning_rate_is_not_blamed_before_the_first_update() {
        let early = message("proxy-nca", "learning_rate = 1e9", 1e9, false);
        assert!(early.starts_with("no weight had been updated"), "{early}");
        let margin = message("contrastive", "margin = 1e30", 1e9, false);
        assert_eq!(margin, "try a lower loss.margin (it is 1e30, the default is 2.5)");
    }

    #[test]
    fn huge_pixels_are_named_with_the_flag_that_scales_them() {
        let (config, loss) = (TrainConfig::default(), Loss::by_name("contrastive").unwrap());
        let of = |scale| remedy(&config, &loss, &images(scale), false);
        let message = of(1e-30);
        assert!(
            message.starts_with("try a data.scale (--scale) that brings the pixels near 1"),
            "{message}"
        );
        assert!(!of(255.0).contains("scale"));
    }
}
