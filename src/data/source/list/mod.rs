//! Reads a list of image files: a table with a column of paths, and usually one of labels.

mod layout;
mod rows;

use std::path::Path;

use self::layout::{Layout, is_list, layout_of};
use self::rows::Rows;
use super::kind::{After, Content, Found, Kind, Recognises, Report};
use super::parts::{Choice, choose};
use super::pictures::read_pictures;
use crate::data::labels::{Merged, merged};
use crate::data::{Part, Pixels, RawImages, ReadOptions, Reading};
use crate::error::{Fault, Result};
use crate::files::sha256_hex;

/// Lists of image files.
pub(super) const KIND: Kind =
    Kind { name: "a list of image files", recognises: Recognises::Text(is_list), read };

/// Reads the images of a list.
///
/// # Errors
/// [`Error::Fault`](crate::error::Error::Fault) if no column or several may be the label, no image can
/// be read, or as [`read_pictures`]. Images that are missing or damaged go to `report`.
fn read(content: &Content, options: &ReadOptions, report: Report) -> Result<Found> {
    let (path, text) = (content.path, content.text());
    let layout = layout_of(path, text, options)?;
    let mut remarks =
        vec![format!("a list of image files: their paths are in column {}", layout.path_column())];
    let rows = chosen(path, &layout, text, options, &mut remarks)?;
    if rows.entries.is_empty() {
        let none = || Fault::new(path, "lists no image");
        return Err(rows.faults.into_iter().next().unwrap_or_else(none).into());
    }
    let _ = rows.faults.into_iter().any(|fault| report(fault) == After::Stop);
    let read = read_pictures(path, &rows.entries, options, report, content.watch)?;
    remarks.extend(read.remarks);
    let (Merged { distinct, rows: labels, respelled }, parts) =
        kept(&read.kept, &rows.labels, rows.parts.as_deref());
    remarks.extend(respelled.first().map(|(label, same)| {
        format!("labels: {label} and {same} are one class, and so are other equal numbers")
    }));
    let hash = sha256_hex(text) + &sha256_hex(&read.pixels);
    let reading = Reading {
        format: layout.format().to_owned(),
        label: layout.label.as_ref().map(|(_, found)| found.clone()),
        remarks,
        files: rows.entries.into_iter().map(|entry| entry.file).collect(),
        ..Reading::default()
    };
    let images = RawImages {
        pixels: Pixels::Bytes(read.pixels),
        shape: read.shape,
        distinct: layout.label.map(|_| distinct),
        rows: labels,
        parts,
        reading,
    };
    let header = layout.header.is_some();
    let sha256 = sha256_hex(hash.as_bytes());
    Ok(Found {
        images,
        sha256,
        rows: read.rows + rows.faulty,
        header,
        is_scaled: true,
        are_pictures: true,
    })
}

/// The rows that the options mean, with a remark on the parts.
fn chosen(
    path: &Path,
    layout: &Layout,
    text: &[u8],
    options: &ReadOptions,
    remarks: &mut Vec<String>,
) -> Result<Rows> {
    let records = layout.records(text);
    let Some(parts) = rows::parts(&records, layout) else {
        return Ok(Rows::new(path, layout, &records, None));
    };
    let Choice { is_read, remark } = choose(path, &parts, options.rows)?;
    remarks.extend(remark);
    let read = records.into_iter().zip(parts).zip(is_read).filter(|(_, is_read)| *is_read);
    let (records, parts): (Vec<_>, Vec<Part>) = read.map(|(both, _)| both).unzip();
    Ok(Rows::new(path, layout, &records, Some(parts)))
}

/// Labels and parts of the pictures that could be read.
fn kept(kept: &[usize], labels: &[String], parts: Option<&[Part]>) -> (Merged, Option<Vec<Part>>) {
    let (mut distinct, mut known) = (Vec::new(), std::collections::HashMap::new());
    let mut rows = Vec::with_capacity(kept.len());
    for &index in kept {
        let next = distinct.len() as u32;
        rows.push(*known.entry(&labels[index]).or_insert_with_key(|label| {
            distinct.push((*label).clone());
            next
        }));
    }
    let parts = parts.map(|parts| kept.iter().map(|&index| parts[index]).collect());
    (merged(distinct, rows), parts)
}
