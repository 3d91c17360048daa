//! Deep metric learning on labelled images.
//!
//! `dml` answers one question: **on my labelled images, does cross-entropy or a pairwise loss
//! learn the better embedding, and how sure can I be?** It trains a small siamese convolutional
//! network on images in CSV, embeds them, evaluates the embeddings by nearest neighbours, draws
//! them by t-SNE, and compares losses over seeds on the same data and number of epochs.
//!
//! # The house
//!
//! Imports point down only; files of one floor know each other through their `mod.rs`.
//!
//! | floor | what |
//! |---|---|
//! | [`cli`] | what the command line takes |
//! | [`commands`] | one file a command: from arguments to calls below, and what is printed |
//! | [`experiment`] | runs in folders, scheduling over cores, statistics, comparison |
//! | [`config`] | settings of all floors below: defaults, TOML, checks |
//! | [`report`] | tables and plots; never sees a tensor |
//! | [`train`] | the training loop, optimiser, checkpoints, progress |
//! | [`eval`] | embeddings, nearest neighbours, retrieval, clusters, t-SNE |
//! | [`loss`] | one file a loss |
//! | [`model`] | the network, its initialisation and its files |
//! | [`data`] | CSV and IDX, split, pairs and batches |
//! | [`runtime`] | the machine: libtorch, device, cores, instructions |
//! | [`random`], [`files`], [`error`], [`words`] | seeded generators, atomic writing, the one error type, words as shells take them |
//!
//! # How a run goes
//!
//! [`experiment::Session`] loads the data and opens the device. [`experiment::Run`] settles a run
//! and trains it through [`train::train`], which sees the network as [`model::Network`]: images
//! in, embeddings out; the gradient with respect to the embeddings in, the gradient with respect
//! to the parameters out. The loss is computed and differentiated on the embeddings alone.
//! [`experiment::evaluate`] embeds, finds neighbours and draws. [`experiment::Comparison`] puts
//! runs side by side.

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
