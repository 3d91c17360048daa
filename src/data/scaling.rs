//! What a file's values are divided by, and what is said of it.

use super::{CsvOptions, Pixels, Reading, Scale};

/// What values are divided by: as the options say, else as those that a run was trained on, else by
/// their range. Says so in `reading`, where it is not 255 of bytes.
///
/// # Errors
/// What is wrong with the range, and the way out.
pub(super) fn scaled(
    pixels: &Pixels,
    options: &CsvOptions,
    reading: &mut Reading,
) -> Result<f32, (String, &'static str)> {
    let scale = match (options.scale, &options.like) {
        (Scale::Auto, Some(like)) => {
            let own = Scale::Auto.divisor(pixels).ok();
            reading.decisions.extend(other_range(pixels, own, like.scale, options.has_flags()));
            like.scale
        }
        (scale, _) => {
            let scale = scale.divisor(pixels)?;
            reading.decisions.extend(scale_remark(options, pixels, scale));
            scale
        }
    };
    if !(matches!(pixels, Pixels::Bytes(_)) && scale == 255.0) {
        let before = reading.differs.take().unwrap_or_default();
        reading.differs = Some(format!("{before} divided by {scale}"));
    }
    Ok(scale)
}

/// Says that values look to be of another range than those that a run was trained on.
fn other_range(pixels: &Pixels, own: Option<f32>, trained: f32, has_flags: bool) -> Option<String> {
    let (min, max) = pixels.range().filter(|_| own != Some(trained))?;
    let way_out = match has_flags {
        true => "--scale takes another number",
        false => "where that is wrong, write the file's values in the unit of the training file",
    };
    Some(format!(
        "pixels: from {min} to {max}, divided by {trained} as those that the run was trained on, though by \
         their range {}; {way_out}",
        own.map_or("no scale is known".to_owned(), |own| format!("it would be {own}"))
    ))
}

/// Says what values are divided by, where it is not 255 of bytes.
fn scale_remark(options: &CsvOptions, pixels: &Pixels, scale: f32) -> Option<String> {
    if matches!(pixels, Pixels::Bytes(_)) && scale == 255.0 {
        return None;
    }
    let (min, max) = pixels.range()?;
    let way_out = match options.scale {
        Scale::Auto => "; --scale takes another number",
        Scale::By(_) => "",
    };
    let kind = if pixels.are_whole() { "whole numbers" } else { "numbers" };
    Some(format!("pixels: {kind} from {min} to {max}, divided by {scale}{way_out}"))
}

#[cfg(test)]
mod tests {
    use super::super::{LabelColumn, TrainedOn};
    use super::*;

    fn said(values: &[f32], options: &CsvOptions) -> (f32, Vec<String>) {
        let mut reading = Reading::default();
        let scale = scaled(&Pixels::from_floats(values.to_vec()), options, &mut reading).unwrap();
        (scale, reading.decisions)
    }

    #[test]
    fn bytes_are_divided_by_255_without_a_word_and_all_else_is_said() {
        let auto = CsvOptions::default();
        assert_eq!(said(&[0.0, 200.0], &auto), (255.0, vec![]));
        let told = "pixels: numbers from 0.5 to 1, divided by 1; --scale takes another number";
        assert_eq!(said(&[0.5, 1.0], &auto), (1.0, vec![told.to_owned()]));
        let given = CsvOptions { scale: Scale::By(16.0), ..auto };
        let told = "pixels: whole numbers from 0 to 200, divided by 16";
        assert_eq!(said(&[0.0, 200.0], &given), (16.0, vec![told.to_owned()]));
    }

    #[test]
    fn other_files_are_divided_as_the_training_file_and_another_range_is_said() {
        let like = Some(TrainedOn { scale: 255.0, ..TrainedOn::default() });
        let options = CsvOptions { like, ..CsvOptions::default() };
        assert_eq!(said(&[0.0, 90.0], &options), (255.0, vec![]));
        let (scale, told) = said(&[0.0, 0.5], &options);
        assert_eq!((scale, told.len()), (255.0, 1));
        assert!(
            told[0].starts_with("pixels: from 0 to 0.5, divided by 255 as those that the run was")
        );
        assert!(told[0].ends_with("write the file's values in the unit of the training file"));
        let embed = CsvOptions { label: LabelColumn::IfThere, ..options.clone() };
        assert!(said(&[0.0, 0.5], &embed).1[0].ends_with("--scale takes another number"));
        assert_eq!(said(&[-1.0, 0.5], &options).1.len(), 1);
    }
}
