//! Files whose header alone determines the layout.

use super::columns::Columns;
use super::dialect::Opened;
use super::layout::{LabelCells, PixelCells};
use super::names;
use crate::data::{Channels, ImageShape, LabelColumn, LabelFound, ReadOptions};

/// The columns of a file whose header names only one label and the pixels of a square image in
/// order; `None` if rows have to be examined.
pub(super) fn plain(
    opened: &Opened,
    body: usize,
    header: &[String],
    options: &ReadOptions,
) -> Option<Columns> {
    let rest = &opened.text[body..];
    let line = &rest[..rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len())];
    let separators = line.iter().filter(|&&byte| byte == opened.separator).count();
    if opened.separator != b',' || separators + 1 != header.len() || !options.drop.is_empty() {
        return None;
    }
    let mut labels = (0..header.len()).filter(|&column| names::is_label(&header[column]));
    let label = labels.next().filter(|_| labels.next().is_none())?;
    let is_requested = match &options.label {
        LabelColumn::Given(name) => name.trim() == header[label],
        LabelColumn::Auto | LabelColumn::IfThere => true,
    };
    let others: Vec<usize> = (0..header.len()).filter(|&column| column != label).collect();
    let numbered = names::pixels(header, &others).filter(|found| found.columns == others)?;
    let side = others.len().isqrt();
    let expected = options.like.as_ref().and_then(|like| like.columns.names.as_ref());
    let is_expected = || {
        expected.is_none_or(|names| {
            let list = names.list();
            list.len() == others.len()
                && others.iter().zip(&list).all(|(&c, name)| header[c] == *name)
        })
    };
    let are_unique = names::are_unique(others.iter().map(|&column| header[column].as_str()));
    let is_plain =
        is_requested && are_unique && numbered.channels.is_none() && side * side == others.len();
    (is_plain && is_expected()).then(|| Columns {
        label: LabelCells::Column(label),
        label_found: Some(LabelFound {
            column: header[label].clone(),
            why: "by its name".to_owned(),
        }),
        pixels: PixelCells::Columns(others),
        channels: Channels::Grey,
        shape: ImageShape::square(side),
        left_out: Vec::new(),
        reordered: false,
        decisions: label_note(&header[label], options.has_flags()),
    })
}

/// Notes which column is the label, unless it is named `label`.
fn label_note(name: &str, has_flags: bool) -> Vec<String> {
    let remedy = if has_flags { "; choose another with --label" } else { "" };
    let note = || format!("label: column {name}, by its name{remedy}");
    let is_named_label = name.eq_ignore_ascii_case("label");
    (!is_named_label).then(note).into_iter().collect()
}
