//! Writes TensorBoard files: curves, histograms, and its embedding projector.

use std::io::Write;
use std::path::Path;

use super::images::ContactSheet;
use crate::data::ImageShape;
use crate::error::Result;
use crate::files::{write_atomically, write_text};

/// One thing that TensorBoard shows at a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Its name; a slash makes groups.
    pub tag: String,
    /// When: epochs or steps.
    pub step: u64,
    /// Seconds since training began.
    pub seconds: f64,
    /// Its value.
    pub value: Value,
}

/// A value at a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number.
    Scalar(f32),
    /// Counts in bins of equal width from 0 to `largest`.
    Histogram { largest: f64, counts: Vec<u64> },
}

/// Writes points in the format of TensorFlow's event files.
///
/// # Source
/// TensorFlow's `event.proto`, `summary.proto` and `record_writer.cc`.
///
/// # Errors
/// The file cannot be written.
pub fn write_events(path: &Path, points: &[Point]) -> Result<()> {
    write_atomically(path, |file| {
        file.write_all(&record(&version()))?;
        points.iter().try_for_each(|point| file.write_all(&record(&event(point))))
    })
}

/// A point in the projector: its embedding, its class, and its image.
#[derive(Debug, Clone, Copy)]
pub struct Projected<'a> {
    /// The embedding.
    pub embedding: &'a [f32],
    /// The class's name.
    pub class: &'a str,
    /// Values 0..=255, row-major `[C, H, W]`.
    pub image: &'a [u8],
}

/// Rows and columns that TensorBoard takes of a picture of all images.
const LARGEST: usize = 8192;

/// Writes the files of the embedding projector into a folder of events; of points whose images do
/// not fit into one picture, the first. Gives how many there are.
///
/// # Errors
/// A file that cannot be written.
pub fn write_projector(
    folder: &Path,
    points: &[Projected<'_>],
    shape: ImageShape,
) -> Result<usize> {
    let side = shape.height.max(shape.width);
    let points = &points[..points.len().min((LARGEST / side).pow(2))];
    let number = |value: &f32| value.to_string();
    let row = |point: &Projected<'_>| {
        point.embedding.iter().map(number).collect::<Vec<_>>().join("\t") + "\n"
    };
    let class = |point: &Projected<'_>| point.class.replace(char::is_control, " ") + "\n";
    write_text(&folder.join("embeddings.tsv"), &points.iter().map(row).collect::<String>())?;
    write_text(&folder.join("classes.tsv"), &points.iter().map(class).collect::<String>())?;
    let images = points.iter().map(|point| point.image);
    // All images in a square, row by row, as TensorBoard wants them.
    let sprite = ContactSheet::new(shape, side, images).square();
    write_atomically(&folder.join("images.png"), |file| sprite.write_png(file))?;
    let config = format!(
        "embeddings {{\n  tensor_path: \"embeddings.tsv\"\n  metadata_path: \"classes.tsv\"\n  \
         sprite {{\n    image_path: \"images.png\"\n    single_image_dim: {side}\n    \
         single_image_dim: {side}\n  }}\n}}\n"
    );
    write_text(&folder.join("projector_config.pbtxt"), &config)?;
    Ok(points.len())
}

/// A record: its length and its bytes, each with a checksum.
fn record(bytes: &[u8]) -> Vec<u8> {
    let length = (bytes.len() as u64).to_le_bytes();
    [&length[..], &checksum(&length), bytes, &checksum(bytes)].concat()
}

/// CRC-32C, turned so that a checksum of checksums does not cancel out.
fn checksum(bytes: &[u8]) -> [u8; 4] {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
}

/// The first event of every file.
fn version() -> Vec<u8> {
    field(3, b"brain.Event:2")
}

fn event(point: &Point) -> Vec<u8> {
    let value = match &point.value {
        Value::Scalar(value) => [&key(2, FOUR)[..], &value.to_le_bytes()].concat(),
        Value::Histogram { largest, counts } => field(5, &histogram(*largest, counts)),
    };
    let value = [field(1, point.tag.as_bytes()), value].concat();
    let summary = field(1, &value);
    [double(1, point.seconds), [key(2, VARINT), varint(point.step)].concat(), field(5, &summary)]
        .concat()
}

/// Sums are those of the bins' middles, as the values themselves are not kept.
fn histogram(largest: f64, counts: &[u64]) -> Vec<u8> {
    let width = largest / counts.len().max(1) as f64;
    let moment = |power: i32| -> f64 {
        let of_bin =
            |(bin, &count): (usize, &u64)| count as f64 * (width * (bin as f64 + 0.5)).powi(power);
        counts.iter().enumerate().map(of_bin).sum()
    };
    let limits = (1..=counts.len()).map(|bin| width * bin as f64);
    let packed = |values: &mut dyn Iterator<Item = f64>| -> Vec<u8> {
        values.flat_map(f64::to_le_bytes).collect()
    };
    [
        double(1, 0.0),
        double(2, largest),
        double(3, moment(0)),
        double(4, moment(1)),
        double(5, moment(2)),
        field(6, &packed(&mut { limits })),
        field(7, &packed(&mut counts.iter().map(|&count| count as f64))),
    ]
    .concat()
}

/// Protocol Buffers' kinds of fields.
const VARINT: u64 = 0;
const EIGHT: u64 = 1;
const BYTES: u64 = 2;
const FOUR: u64 = 5;

fn key(number: u64, kind: u64) -> Vec<u8> {
    varint(number << 3 | kind)
}

/// Seven bits a byte, the lowest first.
fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// A number; 0 is what a field has that is not there.
fn double(number: u64, value: f64) -> Vec<u8> {
    match value == 0.0 {
        true => Vec::new(),
        false => [&key(number, EIGHT)[..], &value.to_le_bytes()].concat(),
    }
}

fn field(number: u64, bytes: &[u8]) -> Vec<u8> {
    [&key(number, BYTES)[..], &varint(bytes.len() as u64), bytes].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::pixels::Pixels;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn records_are_those_that_tensorboard_writes() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/events.json");
        let text = std::fs::read_to_string(path).unwrap();
        let reference: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(hex(&record(&version())), reference["version"]);
        let scalar = Point {
            tag: "loss/train".to_owned(),
            step: 300,
            seconds: 12.5,
            value: Value::Scalar(0.625),
        };
        assert_eq!(hex(&record(&event(&scalar))), reference["scalar"]);
        let value = Value::Histogram { largest: 3.0, counts: vec![1, 4, 2] };
        let tag = "distances/same class".to_owned();
        let histogram = Point { tag, step: 5, seconds: 12.5, value };
        assert_eq!(hex(&record(&event(&histogram))), reference["histogram"]);
    }

    #[test]
    fn the_projector_has_a_row_and_an_image_for_each_point() {
        let folder = tempfile::tempdir().unwrap();
        let image: Vec<u8> = (0..16).map(|pixel| 16 * pixel).collect();
        let embedding = [0.5, -1.0];
        let point = Projected { embedding: &embedding, class: "a\tb", image: &image };
        let count = write_projector(folder.path(), &[point; 5], ImageShape::square(4)).unwrap();
        let text = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!((count, text("embeddings.tsv").as_str()), (5, "0.5\t-1\n".repeat(5).as_str()));
        assert_eq!(text("classes.tsv"), "a b\n".repeat(5));
        assert!(text("projector_config.pbtxt").contains("single_image_dim: 4"));
        let sprite = Pixels::read(&folder.path().join("images.png"));
        assert_eq!((sprite.width, sprite.height), (12, 12), "three columns of four pixels");
    }

    #[test]
    fn the_sprite_has_colours_and_a_square_cell_for_images_of_any_shape() {
        let folder = tempfile::tempdir().unwrap();
        let shape = ImageShape { channels: 3, height: 5, width: 7 };
        let image: Vec<u8> = (0..105).collect();
        let point = Projected { embedding: &[0.5], class: "a", image: &image };
        write_projector(folder.path(), &[point; 4], shape).unwrap();
        let sprite = image::open(folder.path().join("images.png")).unwrap().into_rgb8();
        assert_eq!(sprite.dimensions(), (14, 14));
        // Row 2, column 6 of the last image, in the middle of its cell.
        assert_eq!(sprite.get_pixel(7 + 6, 7 + 1 + 2).0, [20, 55, 90]);
        let config = std::fs::read_to_string(folder.path().join("projector_config.pbtxt")).unwrap();
        assert_eq!(config.matches("single_image_dim: 7").count(), 2);
    }
}
