//! Files that dml wrote and that were then edited, truncated or lost: readers return a result or an
//! error that names the file, and never panic.

mod edits;
mod every_file;
mod one_run;

const SMALL: &str = "[data]\npath = \"small.csv\"\nvalidation = 0.2\n[train]\nepochs = 1\nbatch = 64\n\
                     [tsne]\nperplexity = 8.0\niterations = 30\n";

/// Commands that create a folder of each kind, and read it when run again.
const COMPARE: [&str; 5] = ["compare", "--config", "small.toml", "--seeds", "1,2"];
const SWEEP: [&str; 9] = [
    "sweep",
    "--config",
    "small.toml",
    "--train-size",
    "40,80",
    "--seeds",
    "1,2",
    "--losses",
    "contrastive,cross-entropy",
];
const TUNE: [&str; 6] = ["tune", "--config", "small.toml", "--loss", "cross-entropy", "--trials"];
const BOUND: [&str; 5] = ["bound", "--config", "small.toml", "--points", "4"];
