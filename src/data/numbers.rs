//! Classes as training numbers them: from 0 among those that are trained on.

use super::{Class, Part};

/// The classes that are trained on, with their numbers.
pub fn kept<'a>(classes: &'a [Class], unseen: &'a [i64]) -> impl Iterator<Item = (i64, &'a Class)> {
    (0..).zip(classes).filter(|(number, _)| !unseen.contains(number))
}

/// A part whose classes are numbered from 0 among those that are trained on.
pub fn renumbered(part: &Part, classes: &[Class], unseen: &[i64]) -> Part {
    let numbers: Vec<i64> = kept(classes, unseen).map(|(number, _)| number).collect();
    let place = |label| numbers.binary_search(label).expect("unseen classes are in no part") as i64;
    Part { rows: part.rows.clone(), labels: part.labels.iter().map(place).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_that_are_trained_on_are_numbered_without_gaps() {
        let class = |i: usize| Class { label: i.to_string(), name: format!("class {i}") };
        let classes: Vec<Class> = (0..5).map(class).collect();
        let unseen = [0, 3];
        let names: Vec<&str> = kept(&classes, &unseen).map(|(_, c)| c.label.as_str()).collect();
        assert_eq!(names, ["1", "2", "4"]);
        let part = Part { rows: vec![7, 8, 9], labels: vec![4, 1, 2] };
        let found = renumbered(&part, &classes, &unseen);
        assert_eq!((found.rows, found.labels), (vec![7, 8, 9], vec![2, 0, 1]));
    }
}
