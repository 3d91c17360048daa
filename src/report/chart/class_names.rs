//! Remarks on what pictures leave out for many classes, or for names that no font can draw.

use super::class_name::undrawable;
use super::confusion;
use crate::words::grouped;

/// Pairs of classes that replace a confusion matrix that is too large to read.
pub const PAIRS_CONFUSED: usize = 30;

/// Remarks before pictures with these classes are drawn: what they leave out, and names that no
/// font on this system can draw.
pub fn remarks(classes: &[String]) -> Vec<String> {
    let most = confusion::MOST;
    let many = (classes.len() > most).then(|| {
        format!(
            "{} classes: a confusion matrix of more than {most} cannot be read, so confusion.png and \
             the report show the {PAIRS_CONFUSED} pairs of classes that are confused most often",
            grouped(classes.len())
        )
    });
    many.into_iter().chain(undrawable(classes.iter().map(String::as_str))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_of_many_classes_have_a_remark_before_they_are_drawn() {
        let classes = |count: usize| (0..count).map(|c| c.to_string()).collect::<Vec<_>>();
        assert!(remarks(&classes(100)).is_empty());
        let text = remarks(&classes(2100)).join("");
        assert!(text.starts_with("2,100 classes: a confusion matrix of more than 100"), "{text}");
    }
}
