//! Chooses the divisor of a file's pixel values and describes the choice.

use super::{Pixels, ReadOptions, Reading, Scale};

/// The divisor of the values: the one in the options, else that of the training images of a run,
/// else chosen by their range. Notes it in `reading` unless it is 255 for bytes.
///
/// # Errors
/// What is wrong with the range, and what to do about it.
pub(super) fn scaled(
    pixels: &Pixels,
    options: &ReadOptions,
    reading: &mut Reading,
) -> Result<f32, (String, &'static str)> {
    let scale = match (options.scale, &options.like) {
        (Scale::Auto, Some(like)) => {
            let by_range = Scale::Auto.divisor(pixels).ok();
            let note = other_range(pixels, by_range, like.scale, options.has_flags());
            reading.decisions.extend(note);
            like.scale
        }
        (scale, _) => {
            let scale = scale.divisor(pixels)?;
            reading.decisions.extend(scale_note(options, pixels, scale));
            scale
        }
    };
    if !(matches!(pixels, Pixels::Bytes(_)) && scale == 255.0) {
        let before = reading.differs.take().unwrap_or_default();
        reading.differs = Some(format!("{before} divided by {scale}"));
    }
    Ok(scale)
}

/// Notes that the values seem to have another range than the training images.
fn other_range(
    pixels: &Pixels,
    by_range: Option<f32>,
    trained: f32,
    has_flags: bool,
) -> Option<String> {
    let (min, max) = pixels.range().filter(|_| by_range != Some(trained))?;
    let remedy = match has_flags {
        true => "change it with --scale",
        false => "if that is wrong, convert the values to the unit of the training file",
    };
    Some(format!(
        "pixels: from {min} to {max}, divided by {trained} like the training images, although by \
         their range {}; {remedy}",
        by_range.map_or("no scale is known".to_owned(), |scale| format!("it would be {scale}"))
    ))
}

/// Notes the divisor, unless it is 255 for bytes.
fn scale_note(options: &ReadOptions, pixels: &Pixels, scale: f32) -> Option<String> {
    if matches!(pixels, Pixels::Bytes(_)) && scale == 255.0 {
        return None;
    }
    let (min, max) = pixels.range()?;
    let remedy = match options.scale {
        Scale::Auto => "; change it with --scale",
        Scale::By(_) => "",
    };
    let kind = if pixels.are_whole() { "whole numbers" } else { "numbers" };
    Some(format!("pixels: {kind} from {min} to {max}, divided by {scale}{remedy}"))
}

#[cfg(test)]
mod tests {
    use super::super::{LabelColumn, TrainedOn};
    use super::*;

    fn notes(values: &[f32], options: &ReadOptions) -> (f32, Vec<String>) {
        let mut reading = Reading::default();
        let scale = scaled(&Pixels::from_floats(values.to_vec()), options, &mut reading).unwrap();
        (scale, reading.decisions)
    }

    #[test]
    fn only_bytes_divided_by_255_need_no_note() {
        let auto = ReadOptions::default();
        assert_eq!(notes(&[0.0, 200.0], &auto), (255.0, vec![]));
        let note = "pixels: numbers from 0.5 to 1, divided by 1; change it with --scale";
        assert_eq!(notes(&[0.5, 1.0], &auto), (1.0, vec![note.to_owned()]));
        let given = ReadOptions { scale: Scale::By(16.0), ..auto };
        let note = "pixels: whole numbers from 0 to 200, divided by 16";
        assert_eq!(notes(&[0.0, 200.0], &given), (16.0, vec![note.to_owned()]));
    }

    #[test]
    fn other_files_use_the_training_scale_and_a_different_range_is_noted() {
        let like = Some(TrainedOn { scale: 255.0, ..TrainedOn::default() });
        let options = ReadOptions { like, ..ReadOptions::default() };
        assert_eq!(notes(&[0.0, 90.0], &options), (255.0, vec![]));
        let (scale, found) = notes(&[0.0, 0.5], &options);
        assert_eq!((scale, found.len()), (255.0, 1));
        assert!(
            found[0].starts_with("pixels: from 0 to 0.5, divided by 255 like the training images")
        );
        assert!(found[0].ends_with("convert the values to the unit of the training file"));
        let embed = ReadOptions { label: LabelColumn::IfThere, ..options.clone() };
        assert!(notes(&[0.0, 0.5], &embed).1[0].ends_with("change it with --scale"));
        assert_eq!(notes(&[-1.0, 0.5], &options).1.len(), 1);
    }
}
