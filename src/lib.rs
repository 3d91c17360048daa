//! Deep metric learning on labelled images.
//!
//! `dml` answers one question: **on my labelled images, does cross-entropy or a pairwise loss
//! learn the better embedding, and how sure can I be?** It trains a small siamese convolutional
//! network on labelled images, embeds the images, evaluates the embeddings by nearest neighbours, draws
//! them by t-SNE, and compares losses over seeds on the same data and number of epochs.
//!
//! # The layers
//!
//! Every folder is a layer with one job. Imports point down, and no files of one folder import
//! each other in a circle; a test checks both.
//!
//! | layer | its one job |
//! |---|---|
//! | [`commands`] | one file per command: from arguments to calls below, and what is printed, also command lines for other machines |
//! | [`cli`] | the types that clap reads |
//! | [`page`] | one HTML page per kind of result |
//! | [`cluster`] | submits the unfinished runs of a command to Slurm |
//! | [`experiment`] | many runs: plan, schedule, cost, comparison, sweep, search, bound |
//! | [`export`] | what other programs read: network, embeddings, TensorBoard |
//! | [`run`] | one run and its folder: record, lock, training, resuming, catalogue |
//! | [`evaluation`] | measures a run: embeds, all metrics, t-SNE, galleries; `features/` reads embeddings made elsewhere |
//! | [`stats`] | numbers over seeds: intervals, paired tests, Holm, ranks |
//! | [`session`] | the loaded data and the machine that all runs of one command share |
//! | [`config`] | settings of all layers below: defaults, TOML, flags, checks |
//! | [`report`] | charts, contact sheets, tables, TensorBoard events and the pieces of a page; never sees a tensor |
//! | [`train`] | the loop, optimiser, schedule, checkpoints, progress |
//! | [`eval`] | nearest neighbours, retrieval, clusters, distances, t-SNE: arrays in, numbers out |
//! | [`loss`] | one file per loss |
//! | [`model`] | the network, its engines, its initialisation and its files |
//! | [`data`] | sources of images, split, pairs and batches |
//! | [`runtime`] | libtorch, device, cores, instructions, memory, signals |
//! | [`random`], [`files`], [`error`], [`words`] | seeded generators, atomic writing and the layout of result folders, the one error type, numbers and words in text |
//!
//! # How a run goes
//!
//! [`session::Session`] loads the data and opens the device. [`run::Run`] decides split, name and
//! record of a run and trains it through [`train::train`], which sees the network as
//! [`model::Network`]: images in, embeddings out; the gradient with respect to the embeddings in,
//! the gradient with respect to the parameters out. The loss is computed and differentiated on the
//! embeddings alone. [`run::evaluate`] loads the run's model; [`evaluation`] embeds, finds
//! neighbours and draws.
//! [`experiment::Comparison`] puts runs side by side.

pub mod cli;
pub mod cluster;
pub mod commands;
pub mod config;
pub mod data;
pub mod error;
pub mod eval;
pub mod evaluation;
pub mod experiment;
pub mod export;
pub mod files;
pub mod loss;
pub mod model;
pub mod page;
pub mod random;
pub mod report;
pub mod run;
pub mod runtime;
pub mod session;
pub mod stats;
pub mod train;
pub mod words;
