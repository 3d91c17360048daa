//! Stratified samples of a data set, and writing them as CSV.

use std::io::{self, Write};
use std::path::Path;

use rand::seq::SliceRandom;

use super::{Dataset, ImageShape, Pixels};
use crate::error::{Error, Fault, Result};
use crate::files::{create_folder, folder_of, write_zipped};
use crate::random::{Purpose, generator};

/// The size of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SampleSize {
    /// This many images of each class.
    PerClass(usize),
    /// This many images in total, with the class proportions of the data set, rounded by the
    /// largest remainder method (the first class wins ties).
    Total(usize),
}

/// Draws rows without replacement, class by class; returns them in ascending order.
///
/// # Shapes
/// `labels` `[N]`, class indices from 0 → rows `[n]`.
///
/// # Errors
/// [`Error::Setting`] if the sample would be empty or larger than the data allow.
pub fn stratified(labels: &[i64], size: SampleSize, seed: u64) -> Result<Vec<usize>> {
    let classes = labels.iter().max().map_or(0, |&last| last as usize + 1);
    let mut rows_of = vec![Vec::new(); classes];
    for (row, &label) in labels.iter().enumerate() {
        rows_of[label as usize].push(row);
    }
    let counts: Vec<usize> = rows_of.iter().map(Vec::len).collect();
    let mut sample = Vec::new();
    // One random stream per class, so that the number of images of one class does not affect the
    // others.
    for (class, (mut rows, wanted)) in rows_of.into_iter().zip(shares(&counts, size)?).enumerate() {
        rows.shuffle(&mut generator(seed, Purpose::Sample, class as u64));
        sample.extend_from_slice(&rows[..wanted]);
    }
    sample.sort_unstable();
    Ok(sample)
}

/// Number of images to take of each class.
fn shares(counts: &[usize], size: SampleSize) -> Result<Vec<usize>> {
    let all: usize = counts.iter().sum();
    match size {
        SampleSize::PerClass(wanted) => {
            let fewest = counts.iter().copied().min().unwrap_or(0);
            if wanted == 0 || wanted > fewest {
                let problem = format!("must be from 1 to {fewest}, the size of the smallest class");
                return Err(Error::setting("--per-class", wanted, problem));
            }
            Ok(vec![wanted; counts.len()])
        }
        SampleSize::Total(wanted) if wanted == 0 || wanted > all => {
            let problem = format!("must be from 1 to {all}, the number of images");
            Err(Error::setting("--total", wanted, problem))
        }
        SampleSize::Total(wanted) => Ok(proportional(counts, all, wanted)),
    }
}

fn proportional(counts: &[usize], all: usize, wanted: usize) -> Vec<usize> {
    let mut shares: Vec<usize> = counts.iter().map(|count| count * wanted / all).collect();
    let mut by_remainder: Vec<usize> = (0..counts.len()).collect();
    by_remainder.sort_by_key(|&class| std::cmp::Reverse(counts[class] * wanted % all));
    let left = wanted - shares.iter().sum::<usize>();
    for &class in &by_remainder[..left] {
        shares[class] += 1;
    }
    shares
}

/// Writes rows of a data set as CSV with the header `label,pixel1,pixel2,…` and the original
/// labels, compressed if the name ends in `.gz`.
///
/// The same rows give the same bytes: the gzip contains no name and no time.
///
/// # Errors
/// [`Error::Fault`] if the images are not square and grey, since a CSV does not tell their shape;
/// [`Error::Io`] if the file cannot be written.
pub fn write_csv(data: &Dataset, rows: &[usize], path: &Path) -> Result<()> {
    if data.shape.side().is_none() {
        let problem = format!("has images of {}, and a CSV holds only grey squares", data.shape);
        return Err(Fault::new(&data.file, problem).remedy("keep the file as it is").into());
    }
    if let Some(folder) = folder_of(path) {
        create_folder(folder)?;
    }
    write_zipped(path, |mut to| write_dataset(&mut to, data, rows))
}

fn write_dataset(to: &mut impl Write, data: &Dataset, rows: &[usize]) -> io::Result<()> {
    let size = data.shape.values();
    let label = |row: usize| data.classes[data.labels[row] as usize].label.as_str();
    let range = |row: usize| row * size..(row + 1) * size;
    match &data.pixels {
        Pixels::Bytes(values) => {
            write_rows(to, data.shape, rows.iter().map(|&row| (label(row), &values[range(row)])))
        }
        Pixels::Floats(values) => {
            let put = |line: &mut Vec<u8>, value: f32| write!(line, ",{value}");
            let labelled = rows.iter().map(|&row| (label(row), &values[range(row)]));
            write_values(to, data.shape, labelled, put)
        }
    }
}

/// Writes a header and the rows, each a label and its pixels `[H, W]`.
pub(super) fn write_rows<'a>(
    to: &mut impl Write,
    shape: ImageShape,
    rows: impl Iterator<Item = (&'a str, &'a [u8])>,
) -> io::Result<()> {
    let texts: Vec<String> = (0..=u8::MAX).map(|value| format!(",{value}")).collect();
    let put = |line: &mut Vec<u8>, value: u8| line.write_all(texts[usize::from(value)].as_bytes());
    write_values(to, shape, rows, put)
}

/// The same for values of any type; `put` writes a comma and the value.
fn write_values<'a, T: Copy + 'a>(
    to: &mut impl Write,
    shape: ImageShape,
    rows: impl Iterator<Item = (&'a str, &'a [T])>,
    put: impl Fn(&mut Vec<u8>, T) -> io::Result<()>,
) -> io::Result<()> {
    let mut line = b"label".to_vec();
    for pixel in 1..=shape.values() {
        write!(line, ",pixel{pixel}")?;
    }
    line.push(b'\n');
    to.write_all(&line)?;
    for (label, pixels) in rows {
        line.clear();
        line.extend_from_slice(quoted(label).as_bytes());
        for &value in pixels {
            put(&mut line, value)?;
        }
        line.push(b'\n');
        to.write_all(&line)?;
    }
    Ok(())
}

/// A label as a CSV cell (RFC 4180).
fn quoted(label: &str) -> String {
    if label.contains([',', '"']) {
        format!("\"{}\"", label.replace('"', "\"\""))
    } else {
        label.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::coloured;
    use super::super::{ReadOptions, open};
    use super::*;
    use std::fs;
    use std::path::PathBuf;

    /// 30 images of 2 × 2 pixels in classes of 15, 10 and 5.
    fn data() -> Dataset {
        let text: String = (0..30)
            .map(|i| {
                format!("{},{i},{},0,255\n", ["a", "\"b, \"\"c\"\"\"", "d"][i % 6 / 2 % 3], 2 * i)
            })
            .collect();
        let (_folder, path) = file("in.csv");
        fs::write(&path, format!("label,p,q,r,s\n{text}")).unwrap();
        open(&path, &ReadOptions::default()).unwrap()
    }

    fn file(name: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        (folder, path)
    }

    fn labels() -> Vec<i64> {
        (0..30).map(|i| [0, 0, 0, 1, 1, 2][i % 6]).collect()
    }

    fn counts(rows: &[usize]) -> [usize; 3] {
        let labels = labels();
        [0, 1, 2].map(|class| rows.iter().filter(|&&row| labels[row] == class).count())
    }

    #[test]
    fn each_class_gives_the_requested_number_of_images_in_file_order() {
        let rows = stratified(&labels(), SampleSize::PerClass(4), 1).unwrap();
        assert_eq!(counts(&rows), [4, 4, 4]);
        assert!(rows.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn a_total_is_divided_in_proportion_to_class_sizes() {
        let of = |total| counts(&stratified(&labels(), SampleSize::Total(total), 1).unwrap());
        assert_eq!(of(12), [6, 4, 2]);
        // Exact shares are 5, 3⅓ and 1⅔; the largest remainder is rounded up.
        assert_eq!(of(10), [5, 3, 2]);
        assert_eq!(of(30), [15, 10, 5]);
        assert_eq!(of(1), [1, 0, 0]);
    }

    #[test]
    fn rows_depend_only_on_the_seed() {
        let of = |seed| stratified(&labels(), SampleSize::PerClass(3), seed).unwrap();
        assert_eq!(of(2022), of(2022));
        assert_ne!(of(2022), of(1));
    }

    #[test]
    fn a_sample_larger_than_the_data_is_rejected() {
        let message = |size| stratified(&labels(), size, 1).unwrap_err().to_string();
        let fewest = "must be from 1 to 5, the size of the smallest class";
        assert_eq!(message(SampleSize::PerClass(6)), format!("--per-class = 6: {fewest}"));
        assert_eq!(message(SampleSize::PerClass(0)), format!("--per-class = 0: {fewest}"));
        let all = "must be from 1 to 30, the number of images";
        assert_eq!(message(SampleSize::Total(31)), format!("--total = 31: {all}"));
        assert_eq!(message(SampleSize::Total(0)), format!("--total = 0: {all}"));
    }

    #[test]
    fn a_written_sample_round_trips_with_its_labels() {
        let data = data();
        let rows: Vec<usize> = (0..data.len()).step_by(2).collect();
        for name in ["s.csv", "s.csv.gz", "S.CSV.GZ"] {
            let (_folder, path) = file(name);
            write_csv(&data, &rows, &path).unwrap();
            let read = open(&path, &ReadOptions::default()).unwrap();
            assert_eq!(read.classes, data.classes);
            for (index, &row) in rows.iter().enumerate() {
                assert_eq!(
                    (read.image(index), read.labels[index]),
                    (data.image(row), data.labels[row])
                );
            }
            let zipped = fs::read(&path).unwrap().starts_with(&[0x1f, 0x8b]);
            assert_eq!(zipped, name != "s.csv");
        }
    }

    #[test]
    fn a_gzip_does_not_depend_on_name_or_time() {
        let data = data();
        let written = |name| {
            let (_folder, path) = file(name);
            write_csv(&data, &[1, 5], &path).unwrap();
            fs::read(&path).unwrap()
        };
        let bytes = written("one.csv.gz");
        assert_eq!(bytes, written("two.csv.gz"));
        // RFC 1952: no flags, time 0, slowest method, unknown system.
        assert_eq!(bytes[3..10], [0, 0, 0, 0, 0, 2, 255]);
    }

    #[test]
    fn images_that_are_not_grey_squares_are_not_written_as_csv() {
        let (_folder, path) = file("s.csv");
        let text = write_csv(&coloured(), &[0], &path).unwrap_err().to_string();
        assert!(text.starts_with("coloured: has images of 3×5×7, and a CSV holds"), "{text}");
        assert!(!path.exists());
    }

    #[test]
    fn a_file_that_cannot_be_written_is_reported() {
        let (folder, path) = file("deep/s.csv");
        fs::write(folder.path().join("deep"), "a file, not a folder").unwrap();
        let text = write_csv(&data(), &[0], &path).unwrap_err().to_string();
        assert!(text.starts_with("cannot ") && text.contains("deep"), "{text}");
    }
}
