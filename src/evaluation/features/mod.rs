//! Reads embeddings made elsewhere, and their labels, from common file formats.
//!
//! The format is detected from the content, not the name, and a file is read once, so that pipes work.
//! `FILE:KEY` names an array of an archive or a column of a table.

mod array;
mod centred;
mod choice;
mod columns;
mod content;
mod csv;
mod labels;
mod npz;
mod numbers;
mod parquet;
mod read;
mod roles;
mod single;
mod table;

pub use self::labels::{Labels, all_classes};
pub use self::read::{Features, embedding_file, read_embeddings, read_labels};
pub use self::single::{Scaling, Singles, to_f32};
