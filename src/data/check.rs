//! Checks a data file: its content, and everything that is wrong with it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use super::source::{After, Watch, examine, refuse_missing};
use super::{Class, Dataset, ImageShape, Pixels, ReadOptions, Reading, copies};
use crate::error::{Error, Fault, Result};

/// Maximum number of faults of one kind that are kept; all are counted.
const KEPT: usize = 3;

/// Maximum number of kinds of which faults are kept.
const KINDS: usize = 20;

/// The result of checking a data file.
///
/// Images, classes, values and duplicates are those of the rows without a fault.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// The file as the user named it.
    pub file: PathBuf,
    /// Number of rows, including those with a fault but not the header.
    pub rows: usize,
    /// What could be read; `None` if the file as a whole is invalid.
    pub content: Option<Content>,
    /// The first three faults of each kind, in order of appearance.
    #[serde(serialize_with = "as_messages")]
    pub faults: Vec<Fault>,
    /// How many faults there are of each kind.
    pub kinds: Vec<FaultKind>,
    /// Number of all faults.
    pub fault_count: usize,
}

/// Faults of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FaultKind {
    /// The problem, as worded in the first of them.
    pub problem: String,
    /// How many there are.
    pub count: usize,
}

/// The content of a data file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Content {
    /// Whether the file has a header.
    pub header: bool,
    /// How the file was interpreted: label, pixels, ignored columns.
    pub reading: Reading,
    /// Number of images, that is, rows without a fault.
    pub images: usize,
    /// The shape of each image.
    #[serde(flatten)]
    pub shape: ImageShape,
    /// The divisor of the pixel values.
    #[serde(serialize_with = "short")]
    pub scale: f32,
    /// The classes in the order of their indices.
    pub classes: Vec<ClassCount>,
    /// Range and mean of the pixel values; `None` without images.
    pub values: Option<Values>,
    /// Number of exact duplicates of earlier images.
    pub copies: usize,
    /// SHA-256 of the uncompressed file, in hexadecimal.
    pub sha256: String,
}

impl Content {
    /// Labels of classes with a single image, which cannot form a pair.
    pub fn singletons(&self) -> Vec<&str> {
        let singletons = self.classes.iter().filter(|class| class.count == 1);
        singletons.map(|class| class.class.label.as_str()).collect()
    }
}

/// A class and how many images it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClassCount {
    /// The class.
    #[serde(flatten)]
    pub class: Class,
    /// Number of its images.
    pub count: usize,
}

/// Statistics of the pixel values of all images.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Values {
    /// The smallest.
    #[serde(serialize_with = "short")]
    pub min: f32,
    /// The largest.
    #[serde(serialize_with = "short")]
    pub max: f32,
    /// Their arithmetic mean.
    pub mean: f64,
}

fn as_messages<S: Serializer>(faults: &[Fault], to: S) -> std::result::Result<S::Ok, S::Error> {
    to.collect_seq(faults.iter().map(Fault::to_string))
}

/// Serialises a whole number without a decimal point.
fn short<S: Serializer>(value: &f32, to: S) -> std::result::Result<S::Ok, S::Error> {
    match value.fract() == 0.0 && value.abs() < 1e9 {
        true => to.serialize_i64(*value as i64),
        false => to.serialize_f32(*value),
    }
}

/// Checks a whole file and collects its faults.
///
/// # Errors
/// [`Error::Io`] if the file cannot be read, and [`Error::Fault`] if it is missing. All other faults are
/// in the summary.
pub fn check(file: &Path, options: &ReadOptions, watch: Watch) -> Result<Summary> {
    // Without a file there is nothing to summarise.
    refuse_missing(file)?;
    let mut summary = Summary {
        file: file.to_path_buf(),
        rows: 0,
        content: None,
        faults: vec![],
        kinds: vec![],
        fault_count: 0,
    };
    let mut kinds: HashMap<String, usize> = HashMap::new();
    let mut report = |fault: Fault| {
        summary.fault_count += 1;
        let known = kinds.len();
        let kind = *kinds.entry(kind_of(&fault)).or_insert(known);
        if kind == summary.kinds.len() {
            let problem = fault.problem.to_string();
            summary.kinds.push(FaultKind { problem, count: 0 });
        }
        summary.kinds[kind].count += 1;
        if summary.kinds[kind].count <= KEPT && kind < KINDS {
            summary.faults.push(fault);
        }
        After::Continue
    };
    match examine(file, options, &mut report, watch) {
        Ok(findings) => {
            summary.rows = findings.rows;
            summary.content = Some(content(&findings.data, findings.header));
        }
        Err(Error::Fault(fault)) => {
            report(fault);
        }
        Err(other) => return Err(other),
    }
    Ok(summary)
}

/// The problem with all numbers replaced, so that similar faults are of one kind.
fn kind_of(fault: &Fault) -> String {
    let mut kind = String::with_capacity(fault.problem.len());
    for c in fault.problem.chars() {
        match c {
            '0'..='9' if kind.ends_with('#') => {}
            '0'..='9' => kind.push('#'),
            other => kind.push(other),
        }
    }
    // "1 cell" and "2 cells" are the same kind.
    kind.replace("cells", "cell")
}

fn content(data: &Dataset, header: bool) -> Content {
    let counted = data.classes.iter().cloned().zip(data.class_counts());
    Content {
        header,
        reading: data.reading.clone(),
        images: data.len(),
        shape: data.shape,
        scale: data.scale,
        classes: counted.map(|(class, count)| ClassCount { class, count }).collect(),
        values: values(&data.pixels),
        copies: copies::within(data),
        sha256: data.sha256.clone(),
    }
}

fn values(pixels: &Pixels) -> Option<Values> {
    let (min, max) = pixels.range()?;
    Some(Values { min, max, mean: pixels.mean() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::testing::{SHAPE, coloured};
    use std::fs;

    fn checked(text: impl AsRef<[u8]>) -> Summary {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        fs::write(&path, text).unwrap();
        check(&path, &ReadOptions::default(), &|_, _| ()).unwrap()
    }

    fn messages(summary: &Summary) -> Vec<String> {
        let from_name = |fault: &Fault| {
            let text = fault.to_string();
            text[text.rfind("a.csv").unwrap()..].to_owned()
        };
        summary.faults.iter().map(from_name).collect()
    }

    #[test]
    fn a_valid_file_is_summarised() {
        let text = "label,a,b,c,d\nx,0,0,0,9\ny,1,2,3,4\nx,0,0,0,9\ny,1,2,3,5\n";
        let summary = checked(text);
        assert_eq!((summary.rows, summary.fault_count), (4, 0));
        let content = summary.content.unwrap();
        assert_eq!(
            (content.header, content.images, content.shape),
            (true, 4, ImageShape::square(2))
        );
        let counts = content.classes.iter().map(|c| (c.class.label.as_str(), c.count));
        assert_eq!(counts.collect::<Vec<_>>(), [("x", 2), ("y", 2)]);
        assert_eq!(content.values, Some(Values { min: 0.0, max: 9.0, mean: 39.0 / 16.0 }));
        assert_eq!(content.copies, 1);
        assert_eq!(content.sha256, super::super::sha256_hex(text.as_bytes()));
    }

    #[test]
    fn images_of_any_shape_are_counted_and_described() {
        let content = content(&coloured(), false);
        assert_eq!((content.shape, content.images, content.copies), (SHAPE, 3, 0));
        // Of image, channel, row and column the middle ones.
        let mean = 30.0 + 70.0 + 14.0 + 3.0;
        assert_eq!(content.values, Some(Values { min: 0.0, max: 234.0, mean }));
        let json = serde_json::to_value(&content).unwrap();
        let sizes = ["channels", "height", "width"].map(|key| json[key].as_u64());
        assert_eq!((sizes, json.get("side")), ([Some(3), Some(5), Some(7)], None));
        let square = checked("label,a\nx,1\nx,2\ny,1\n").content.unwrap();
        assert_eq!(serde_json::to_value(square).unwrap()["side"], 1);
    }

    #[test]
    fn every_fault_is_reported_and_valid_rows_are_counted() {
        let text = "label,a,b,c,d\nx,0,u,0,200\ny,1,2,3,4\nx,0,0\ny,1,2,3,5\n,1,1,1,1\nz,1,1,1,1\n";
        let summary = checked(text);
        assert_eq!(
            messages(&summary),
            [
                "a.csv, line 2, column b: 'u' is not a number",
                "a.csv, line 4: the row has 3 cells, the header has 5",
                "a.csv, line 6, column label: the label is missing",
            ]
        );
        assert_eq!((summary.rows, summary.fault_count), (6, 3));
        assert_eq!(summary.content.unwrap().images, 3);
    }

    #[test]
    fn classes_with_a_single_image_are_listed_and_not_a_fault() {
        let summary = checked("label,a\nx,1\nx,2\ny,1\nz,1\n");
        assert_eq!(summary.fault_count, 0);
        assert_eq!(summary.content.unwrap().singletons(), ["y", "z"]);
    }

    #[test]
    fn faults_of_one_kind_are_counted_and_the_first_three_kept() {
        let bad = "1,5,x\n1,5\n".repeat(25);
        let summary =
            checked(format!("label,a,b,c,d\n{}{bad}", "1,2,3,4,5\n2,3,4,5,6\n".repeat(30)));
        assert_eq!((summary.faults.len(), summary.fault_count), (3, 50));
        let lines: Vec<_> = summary.faults.iter().map(|fault| fault.line.unwrap()).collect();
        assert_eq!(lines, [62, 63, 64]);
        let cells = summary.kinds.iter().map(|kind| (kind.problem.as_str(), kind.count));
        assert_eq!(cells.collect::<Vec<_>>(), [("the row has 3 cells, the header has 5", 50)]);
        let two = checked(format!("label,a\n1,2\n2,3\n1,4\n2,{}", "x\n,7\n1,".repeat(4)));
        assert_eq!(two.kinds.iter().map(|kind| kind.count).collect::<Vec<_>>(), [4, 4, 1]);
        assert_eq!(two.faults.len(), 7);
        let content = checked("label,a\n1,\n1,2\n,2\n").content.unwrap();
        assert_eq!((content.images, content.values.unwrap().max), (1, 2.0));
    }

    #[test]
    fn a_file_without_rows_has_a_fault_and_no_content() {
        let summary = checked("label,a,b\n1,2,3\n");
        assert!(messages(&summary)[0].contains("not a square number"));
        assert_eq!((summary.fault_count, summary.content), (1, None));
        let cut = checked([0x1f, 0x8b, 8, 0]);
        assert!(messages(&cut)[0].contains("the gzip is truncated"));
    }

    #[test]
    fn a_missing_file_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let message =
            |path: &Path| check(path, &ReadOptions::default(), &|_, _| ()).unwrap_err().to_string();
        assert!(message(&folder.path().join("none.csv")).contains("file not found"));
    }

    #[test]
    fn the_json_summary_contains_faults_as_messages() {
        let json = serde_json::to_value(checked("label,a\nx,1\nx,2\ny,1\ny,q\n")).unwrap();
        assert_eq!(
            json["content"]["classes"][0],
            serde_json::json!({"label": "x", "name": "x", "count": 2})
        );
        let message = json["faults"][0].as_str().unwrap();
        assert!(message.ends_with("line 5, column a: 'q' is not a number"), "{message}");
    }
}
