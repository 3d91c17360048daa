//! Labels as text, with one spelling per class.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::error::{Error, Fault, Result};

/// The class of each row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    /// Classes in order: by number if all are numbers, else by text.
    classes: Vec<String>,
    /// Class of each row.
    rows: Vec<u32>,
}

/// A label as in the file, and the first row that has it.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its text.
    pub text: String,
    /// From 0.
    pub first: usize,
}

/// Where rows are in their file, for messages.
#[derive(Debug, Clone)]
pub struct Rows {
    file: PathBuf,
    column: Option<String>,
    lines: Vec<u64>,
}

impl Rows {
    /// Rows of an array.
    pub fn array(file: &Path) -> Rows {
        Rows { file: file.to_path_buf(), column: None, lines: Vec::new() }
    }

    /// Rows of a column; `lines` has the line of each row, or is empty.
    pub fn column(file: &Path, column: &str, lines: &[u64]) -> Rows {
        let column = Some(column.to_owned());
        Rows { file: file.to_path_buf(), column, lines: lines.to_vec() }
    }

    /// An error in a row.
    pub fn fault(&self, row: usize, problem: &str) -> Fault {
        let fault = match self.lines.get(row) {
            Some(&line) => Fault::new(&self.file, problem).line(line),
            None => Fault::new(&self.file, format!("{problem} in row {row} (from 0)")),
        };
        match &self.column {
            Some(column) => fault.column(column),
            None => fault,
        }
    }
}

/// Spellings of a missing label, in lower case.
const MISSING: [&str; 6] = ["", "nan", "na", "n/a", "<na>", "null"];

/// 2⁵³: up to here f64 represents every integer exactly.
const WHOLE: f64 = 9_007_199_254_740_992.0;

impl Labels {
    /// Labels from the distinct texts `found` and, for each row, an index into them. If all labels are
    /// numbers, different spellings of a number are one class; `true` and `True` are one class too.
    ///
    /// # Errors
    /// [`Error::Fault`] with the first row of a label that is missing, or a number but not an integer.
    pub fn new(found: Vec<Found>, rows: &[u32], is_text: bool, at: &Rows) -> Result<Labels> {
        let texts: Vec<&str> = found.iter().map(|label| label.text.trim()).collect();
        for (text, label) in texts.iter().zip(&found) {
            if MISSING.contains(&text.to_lowercase().as_str()) {
                let fault = at.fault(label.first, "is not a label").value(*text);
                return Err(fault.remedy("remove the row, or name the class").into());
            }
        }
        let is_number = |text: &&str| text.parse::<f64>().is_ok_and(f64::is_finite);
        let numeric = !is_text || texts.iter().all(is_number);
        let spelling: Vec<String> = match numeric {
            true => numbers(&texts, &found, at)?,
            false => spelling(&texts),
        };
        Ok(Labels::sorted(&spelling, rows))
    }

    /// Sorts the classes and renumbers the rows.
    fn sorted(spelling: &[String], rows: &[u32]) -> Labels {
        let mut classes: Vec<&String> = spelling.iter().collect();
        sort_classes(&mut classes);
        classes.dedup();
        let numbers: HashMap<&String, u32> = classes.iter().copied().zip(0..).collect();
        let number: Vec<u32> = spelling.iter().map(|text| numbers[text]).collect();
        let rows = rows.iter().map(|&row| number[row as usize]).collect();
        Labels { classes: classes.into_iter().cloned().collect(), rows }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The classes in their order.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// A short description, such as `4 classes, cat to dog`.
    pub fn describe(&self) -> String {
        match &self.classes[..] {
            [one] => format!("1 class, {one}"),
            [first, .., last] => format!("{} classes, {first} to {last}", self.classes.len()),
            [] => "none".to_owned(),
        }
    }

    /// The labels as integers.
    ///
    /// # Errors
    /// The first label that is not a 64-bit integer.
    pub fn numbers(&self) -> std::result::Result<Vec<i64>, String> {
        let number = |text: &String| text.parse().map_err(|_| text.clone());
        let numbers: Vec<i64> =
            self.classes.iter().map(number).collect::<std::result::Result<_, _>>()?;
        Ok(self.rows.iter().map(|&row| numbers[row as usize]).collect())
    }

    /// The index of each row's label in `classes`.
    ///
    /// # Panics
    /// If `classes` lacks a label.
    pub fn among(&self, classes: &[String]) -> Vec<i64> {
        let indices: HashMap<&String, i64> = classes.iter().zip(0..).collect();
        let index: Vec<i64> = self.classes.iter().map(|class| indices[class]).collect();
        self.rows.iter().map(|&row| index[row as usize]).collect()
    }
}

/// The classes of both sets, sorted, without duplicates.
pub fn all_classes(references: &Labels, queries: Option<&Labels>) -> Vec<String> {
    let queries = queries.map_or(&[][..], Labels::classes);
    let mut classes: Vec<&String> = references.classes.iter().chain(queries).collect();
    sort_classes(&mut classes);
    classes.dedup();
    classes.into_iter().cloned().collect()
}

/// Sorts by number if all are integers, else by text.
fn sort_classes(classes: &mut [&String]) {
    let number = |text: &&String| text.parse::<i128>().ok();
    match classes.iter().map(number).collect::<Option<Vec<i128>>>() {
        Some(_) => classes.sort_by_key(number),
        None => classes.sort(),
    }
}

/// Integers in canonical spelling.
fn numbers(texts: &[&str], found: &[Found], at: &Rows) -> Result<Vec<String>> {
    let one = |(text, found): (&&str, &Found)| {
        let digits = text.strip_prefix('+').unwrap_or(text);
        let whole = |number: &f64| number.fract() == 0.0 && number.abs() <= WHOLE;
        let number = digits.parse::<i128>().ok();
        let number =
            number.or_else(|| text.parse::<f64>().ok().filter(whole).map(|number| number as i128));
        number.map(|number| number.to_string()).ok_or_else(|| {
            let fault = at.fault(found.first, "is not an integer").value(*text);
            Error::from(fault.remedy("labels are integers or names"))
        })
    };
    texts.iter().zip(found).map(one).collect()
}

/// Names unchanged; booleans as Python writes them.
fn spelling(texts: &[&str]) -> Vec<String> {
    let truth = |text: &&str| match text.to_lowercase().as_str() {
        "true" => Some("True".to_owned()),
        "false" => Some("False".to_owned()),
        _ => None,
    };
    let truths: Option<Vec<String>> = texts.iter().map(truth).collect();
    truths.unwrap_or_else(|| texts.iter().map(|&text| text.to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(texts: &[&str]) -> Result<Labels> {
        let found =
            texts.iter().zip(0..).map(|(text, first)| Found { text: (*text).to_owned(), first });
        let rows: Vec<u32> = (0..texts.len() as u32).collect();
        Labels::new(
            found.collect(),
            &rows,
            true,
            &Rows::column(Path::new("a.csv"), "y", &[2, 3, 4, 5]),
        )
    }

    fn classes(texts: &[&str]) -> Vec<String> {
        labels(texts).unwrap().classes
    }

    #[test]
    fn all_spellings_of_a_number_are_one_class() {
        let found = labels(&["10", "+6.0", "06", "1e1"]).unwrap();
        assert_eq!(
            (found.classes(), found.numbers().unwrap()),
            (&["6", "10"].map(str::to_owned)[..], vec![10, 6, 6, 10])
        );
        assert_eq!(classes(&["-0.0", "0", "-3"]), ["-3", "0"]);
        assert_eq!(classes(&["9007199254740993", "9007199254740992"]).len(), 2);
    }

    #[test]
    fn names_stay_unchanged_if_one_of_them_is_not_a_number() {
        assert_eq!(classes(&["07", "7", "A1"]), ["07", "7", "A1"]);
        assert_eq!(classes(&["true", "False", "TRUE"]), ["False", "True"]);
        assert_eq!(classes(&["true", "dog"]), ["dog", "true"]);
        assert_eq!(classes(&[" cat ", "cat"]), ["cat"]);
    }

    #[test]
    fn missing_labels_and_fractions_are_refused_with_line_and_column() {
        let error = |texts: &[&str]| labels(texts).unwrap_err().to_string();
        assert_eq!(
            error(&["1", "nan"]),
            "a.csv, line 3, column y: 'nan' is not a label; remove the row, or name the class"
        );
        for missing in ["", "NA", "N/A", "<NA>", "NaN", "null"] {
            assert!(error(&["cat", missing]).contains("is not a label"), "{missing}");
        }
        assert!(error(&["1", "2.5"]).contains("line 3, column y: '2.5' is not an integer; labels"));
    }

    #[test]
    fn classes_of_two_sets_are_merged_in_order() {
        let (a, b) = (labels(&["2", "10"]).unwrap(), labels(&["3", "2"]).unwrap());
        let all = all_classes(&a, Some(&b));
        assert_eq!((all.join(" "), b.among(&all)), ("2 3 10".to_owned(), vec![1, 0]));
        assert_eq!(all_classes(&a, Some(&labels(&["x"]).unwrap())), ["10", "2", "x"]);
    }
}
