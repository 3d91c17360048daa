//! The names of all files and folders that result folders hold.

/// The resolved configuration of a run.
pub const CONFIG: &str = "config.toml";
/// What a run is: data, classes, versions, and how far it came.
pub const RECORD: &str = "run.json";
/// Why a run diverged.
pub const DIVERGED: &str = "diverged.json";
/// Initial weights of a run that started from a file.
pub const INIT: &str = "init.safetensors";

/// Losses and speed of each epoch.
pub const HISTORY: &str = "history.csv";
/// Checkpoint from which training resumes.
pub const CHECKPOINT: &str = "checkpoint.safetensors";
/// The checkpoint before it, should that one be damaged.
pub const OLDER_CHECKPOINT: &str = "checkpoint_before.safetensors";
/// The network after the last epoch.
pub const LAST_MODEL: &str = "model.safetensors";
/// The network after the epoch with the lowest validation loss.
pub const BEST_MODEL: &str = "model_best.safetensors";
/// The loss's own parameters after the last epoch, if it has any.
pub const LAST_LOSS: &str = "loss.safetensors";
/// The loss's own parameters after the epoch with the lowest validation loss.
pub const BEST_LOSS: &str = "loss_best.safetensors";

/// The metrics of the evaluation images: validation, or unseen classes.
pub const METRICS: &str = "metrics.json";
/// The metrics of a file of test images, as versions called them that kept one file's; see
/// [`test_ending`](super::test_ending).
pub const TEST_METRICS: &str = "metrics_test.json";
/// Seconds that the stages of an evaluation took.
pub const TIMES: &str = "times.json";
/// t-SNE coordinates of the validation images.
pub const TSNE: &str = "tsne.csv";
/// t-SNE coordinates of the training images.
pub const TSNE_TRAIN: &str = "tsne_train.csv";
/// Terms of the bound at about 60 steps of a training.
pub const BOUND: &str = "bound.csv";
/// Page on what a folder holds.
pub const REPORT: &str = "report.html";

/// The figures of a comparison.
pub const COMPARISON: &str = "comparison.json";
/// The figures of a sweep.
pub const SWEEP: &str = "sweep.json";
/// The trials of a search.
pub const SEARCH: &str = "search.json";
/// One trial of a search, in its run's folder.
pub const TRIAL: &str = "trial.json";
/// The best settings that a search found.
pub const BEST: &str = "best.toml";

/// What was submitted to a cluster.
pub const JOB: &str = "job.json";
/// The script of its tasks.
pub const TASKS: &str = "tasks.sh";
/// The script that collects their results.
pub const COLLECTOR: &str = "collect.sh";

/// Folder of the pictures.
pub const PLOTS: &str = "plots";
/// Folder of the logs of a cluster's tasks.
pub const LOGS: &str = "logs";

/// Files whose presence marks a folder of results.
pub(super) const MARKS: [&str; 6] = [RECORD, COMPARISON, SWEEP, SEARCH, TRIAL, JOB];

/// Everything that result folders hold beside pictures and logs.
pub(super) const KEPT: [&str; 45] = [
    RECORD,
    COMPARISON,
    SWEEP,
    SEARCH,
    TRIAL,
    JOB,
    CONFIG,
    DIVERGED,
    HISTORY,
    CHECKPOINT,
    OLDER_CHECKPOINT,
    LAST_MODEL,
    BEST_MODEL,
    LAST_LOSS,
    BEST_LOSS,
    INIT,
    METRICS,
    TEST_METRICS,
    TIMES,
    "confusion.csv",
    "confusion_test.csv",
    "embeddings_train.npy",
    "embeddings_val.npy",
    "embeddings_test.npy",
    "labels_train.npy",
    "labels_val.npy",
    "labels_test.npy",
    "classes_train.npy",
    "classes_val.npy",
    "classes_test.npy",
    TSNE,
    TSNE_TRAIN,
    BOUND,
    REPORT,
    "table.csv",
    "table.md",
    "table_test.csv",
    "standings.csv",
    "standings_test.csv",
    "runs.csv",
    "trials.csv",
    BEST,
    TASKS,
    COLLECTOR,
    ".lock",
];

/// Folders in them that hold nothing but files of these endings.
pub(super) const INNER: [(&str, &[&str]); 2] = [(PLOTS, &["png", "svg"]), (LOGS, &["out"])];
