//! The training loop.

use super::{
    Checkpoint, CheckpointTimer, EpochDecision, EpochMeans, EpochRecord, History, Observer,
    RunProgress, RunningEpoch, Task, TrainState, batches_of, collapsed_early, diverged,
};
use crate::data::{BatchKind, Batches, class_sizes};
use crate::error::{Error, Result};
use crate::model::Network;
use crate::words::{decimals, things};

/// Trains a network for the configured number of epochs and returns the history.
///
/// Writes history and checkpoint after each epoch; if epochs are shorter than writing takes, only
/// after some of them. Within an epoch it writes checkpoints as often as the settings say, and at the
/// end the last and the best model. Resumed from a checkpoint, training continues at the next step
/// and gives the same bytes as without the interruption.
///
/// # Errors
/// The loss is NaN or infinite: with epoch, step and last checkpoint. The checkpoint does not fit the
/// network. A file cannot be written. [`Error::Interrupted`] with the position, which a checkpoint
/// holds.
pub fn train(
    task: &Task,
    network: &mut dyn Network,
    checkpoint: Option<Checkpoint>,
    observer: &mut dyn Observer,
    progress: &RunProgress,
) -> Result<History> {
    let config = task.config;
    let [training, validation] =
        [task.train, task.validation].map(|part| batches_of(config, task.loss, part));
    let total_steps = training.count().saturating_mul(config.epochs);
    let mut state = TrainState::new(task, network, total_steps, checkpoint)?;
    let mut hooks =
        TrainHooks { observer, timer: CheckpointTimer::new(config.checkpoint_every), progress };
    let first = state.history.epochs.len() + 1;
    progress.begin_at(images_seen(&training, first, state.position.images));
    warn_of_short_classes(task, &training, progress);
    for number in first..=config.epochs {
        let epoch = RunningEpoch::from(state.position.clone(), number, task, &training);
        let means = train_epoch(epoch, &mut state, network, &mut hooks)
            .inspect_err(|error| state.write_diverged_history(error))?;
        let (loss, spread) = state.validate(network, &validation, number);
        if !loss.is_finite() {
            let step = "after its last step";
            let error = diverged(task, ("validation", loss), (number, step), true);
            state.write_diverged_history(&error);
            return Err(error);
        }
        let record = record(number, &means, (loss, spread), training.images());
        progress.say(&line(&record, config.epochs));
        let decision = hooks.observer.after_epoch(number, network, progress)?;
        state.finish_epoch(network, record);
        let ends = decision == EpochDecision::Stop || number == config.epochs;
        let interrupted = task.interrupt.is_requested();
        if ends || interrupted || hooks.timer.is_due_after_epoch() {
            hooks.timer.save(|| state.save(network))?;
        }
        if ends {
            break;
        }
        if interrupted {
            return Err(Error::Interrupted(format!("stopped after epoch {number}")));
        }
    }
    if state.history.collapsed() {
        progress.say(&collapsed(state.history.epochs.len() * training.count()));
    }
    state.write_models(network)?;
    Ok(state.history)
}

fn record(
    epoch: usize,
    means: &EpochMeans,
    (validation_loss, spread): (f64, f64),
    images: usize,
) -> EpochRecord {
    EpochRecord {
        epoch,
        train_loss: means.loss,
        validation_loss,
        seconds: means.seconds,
        images_per_second: images as f64 / means.seconds,
        spread: Some(spread),
        active: means.active,
    }
}

/// What runs beside the steps: the observer, the timer of checkpoints and the progress bar.
struct TrainHooks<'a> {
    observer: &'a mut dyn Observer,
    timer: CheckpointTimer,
    progress: &'a RunProgress,
}

/// Trains on the remaining batches of an epoch and writes the checkpoints that fall due.
fn train_epoch(
    mut epoch: RunningEpoch,
    state: &mut TrainState,
    network: &mut dyn Network,
    hooks: &mut TrainHooks,
) -> Result<EpochMeans> {
    let RunningEpoch { task, number, steps, training, .. } = epoch;
    while let Some(batch) = epoch.next_batch() {
        let before = (number - 1) * steps + epoch.steps_done();
        if hooks.observer.step_interval().is_some_and(|every| before.is_multiple_of(every)) {
            hooks.observer.after_steps(before, network)?;
        }
        let value = state.step(network, &batch, &mut epoch.random);
        let updated = epoch.add(value, batch.labels.len())?;
        let done = epoch.steps_done();
        if updated {
            let images = images_seen(training, number, epoch.images_seen());
            hooks.progress.seen(images, epoch.mean_loss());
        }
        // The end of an epoch is saved with its record.
        if done == steps {
            break;
        }
        let interrupted = task.interrupt.is_requested();
        if interrupted || hooks.timer.is_due(done) {
            let position = epoch.position()?;
            hooks.timer.save(|| state.save_at(network, position))?;
        }
        if interrupted {
            let message = format!("stopped in epoch {number} after step {done} of {steps}");
            return Err(Error::Interrupted(message));
        }
    }
    epoch.end()
}

/// Images seen since training began, at a position in an epoch. P×K batches may repeat images, so
/// an epoch counts at most as many as there are.
fn images_seen(training: &Batches, epoch: usize, images: usize) -> u64 {
    ((epoch - 1) * training.images() + images.min(training.images())) as u64
}

/// At most so many classes are named in a warning; more are only counted.
const NAMED: usize = 3;

/// Warns about classes that are sampled with replacement, and about those without a pair.
fn warn_of_short_classes(task: &Task, training: &Batches, progress: &RunProgress) {
    let name = |class: &i64| task.classes[*class as usize].name.as_str();
    let short = training.small_classes();
    for (class, has, takes) in short.iter().take(if short.len() > NAMED { 0 } else { NAMED }) {
        progress.say(&format!(
            "class {} has {has} training {}, fewer than the {takes} per class in a batch: sampling \
             with replacement",
            name(class),
            things(*has, "image"),
        ));
    }
    if let [(_, _, takes), ..] = short.as_slice()
        && short.len() > NAMED
    {
        progress.say(&format!(
            "{} classes have fewer training images than the {takes} per class in a batch: sampling \
             with replacement",
            short.len()
        ));
    }
    warn_of_single_images(task, training, progress);
}

/// Warns about classes with a single image, which have no positive pair.
fn warn_of_single_images(task: &Task, training: &Batches, progress: &RunProgress) {
    let singletons = training.singleton_classes();
    let classes = class_sizes(&task.train.labels).len();
    let mut names: Vec<&str> = singletons
        .iter()
        .take(NAMED)
        .map(|&class| task.classes[class as usize].name.as_str())
        .collect();
    names.extend((singletons.len() > NAMED).then_some("…"));
    let names = names.join(", ");
    match singletons.len() {
        0 => {}
        all if all == classes => progress.say(&format!(
            "no class has two training images: {} has no positive pair to learn from",
            task.loss.name()
        )),
        some => progress.say(&format!(
            "{some} of {classes} classes {}",
            match some {
                1 => format!(
                    "has a single training image ({names}), so no positive pair: it only serves as a \
                     negative"
                ),
                _ => format!(
                    "have a single training image ({names}), so no positive pair: they only serve as \
                     negatives"
                ),
            }
        )),
    }
    let pairs = task.loss.batches() != BatchKind::Images;
    if pairs && class_sizes(&task.validation.labels).into_values().all(|images| images < 2) {
        progress
            .say("no class has two validation images: the validation loss has no positive pair");
    }
}

/// The warning about a run that collapsed after so many steps.
fn collapsed(steps: usize) -> String {
    let remedy = collapsed_early(steps).unwrap_or_else(|| {
        "try a smaller train.learning_rate or other settings of the loss (dml losses)".to_owned()
    });
    format!("COLLAPSED: all embeddings are nearly equal, so distances mean little; {remedy}")
}

fn line(record: &EpochRecord, epochs: usize) -> String {
    let active = record.active.map(|share| format!("  active {:.0} %", 100.0 * share));
    format!(
        "epoch {}/{epochs}  train loss {}  validation loss {}  spread {}{}  {:.0} images/s  {:.1} s",
        record.epoch,
        decimals(record.train_loss, 4),
        decimals(record.validation_loss, 4),
        decimals(record.spread.unwrap_or_default(), 2),
        active.unwrap_or_default(),
        record.images_per_second,
        record.seconds
    )
}
