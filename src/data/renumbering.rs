//! Contiguous class indices for training, without the unseen classes.

use super::{Class, Subset};

/// The classes that are trained on, with their indices.
pub fn seen_classes<'a>(
    classes: &'a [Class],
    unseen: &'a [i64],
) -> impl Iterator<Item = (i64, &'a Class)> {
    (0..).zip(classes).filter(|(number, _)| !unseen.contains(number))
}

/// A subset with contiguous class indices among those that are trained on.
pub fn renumbered(subset: &Subset, classes: &[Class], unseen: &[i64]) -> Subset {
    let numbers: Vec<i64> = seen_classes(classes, unseen).map(|(number, _)| number).collect();
    let index =
        |label| numbers.binary_search(label).expect("the subset has no unseen classes") as i64;
    Subset { rows: subset.rows.clone(), labels: subset.labels.iter().map(index).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trained_classes_are_renumbered_without_gaps() {
        let class = |i: usize| Class { label: i.to_string(), name: format!("class {i}") };
        let classes: Vec<Class> = (0..5).map(class).collect();
        let unseen = [0, 3];
        let names: Vec<&str> =
            seen_classes(&classes, &unseen).map(|(_, c)| c.label.as_str()).collect();
        assert_eq!(names, ["1", "2", "4"]);
        let subset = Subset { rows: vec![7, 8, 9], labels: vec![4, 1, 2] };
        let found = renumbered(&subset, &classes, &unseen);
        assert_eq!((found.rows, found.labels), (vec![7, 8, 9], vec![2, 0, 1]));
    }
}
