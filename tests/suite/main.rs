//! Tests that cross modules: the network against PyTorch, the program as a user runs it, repeatable
//! bytes, and the layering of the source.

mod cli;
mod cluster;
mod configs;
mod damaged;
mod determinism;
mod diverged;
mod edges;
mod edited;
mod embeddings;
mod exchange;
mod experiments;
mod faults;
mod imports;
mod interrupted;
mod killed;
mod layers;
mod losses;
mod metrics;
mod names;
mod network;
mod outputs;
mod photos;
mod pictures;
mod properties;
mod readme;
mod refused;
mod report;
mod run_names;
mod sample;
mod sources;
mod tables;
mod test_files;
mod tour;
mod user;
