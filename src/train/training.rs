//! The training loop.

use std::path::Path;

use super::{
    Cadence, Checkpoint, Epoch, EpochRecord, History, Observer, RunProgress, State, TrainConfig,
    Trained, Validated, Verdict, diverged,
};
use crate::data::{BatchKind, BatchShape, Batches, Class, Images, Subset, class_sizes};
use crate::error::{Error, Result};
use crate::loss::Loss;
use crate::model::Network;
use crate::runtime::Interrupt;
use crate::words::{decimals, things};

/// What to train on and how.
pub struct Task<'a> {
    /// Epochs, batch size, learning rate, seed.
    pub config: &'a TrainConfig,
    /// What to minimise.
    pub loss: &'a Loss,
    /// The classes of the data, in the order of their numbers.
    pub classes: &'a [Class],
    /// Numbers in an embedding.
    pub embedding: usize,
    /// All images.
    pub images: &'a Images,
    /// Those that are trained on.
    pub train: &'a Subset,
    /// Those that measure each epoch.
    pub validation: &'a Subset,
    /// Where history, checkpoints and models are written.
    pub folder: &'a Path,
    /// The user's wish to stop.
    pub interrupt: &'a Interrupt,
}

/// Trains a network until the configured number of epochs is done, and gives what happened in
/// each.
///
/// After each epoch the history and a checkpoint are written, where epochs are shorter than that
/// takes after some of them; within an epoch a checkpoint as often as the settings say, at the end
/// the last and the best model. With a checkpoint, training
/// goes on at the step after it and gives the same bytes as if it had never stopped.
///
/// # Errors
/// A loss that is no number, with the epoch, the step and the last checkpoint; a checkpoint that
/// does not fit the network; a file that cannot be written; [`Error::Interrupted`] with the place,
/// which a checkpoint holds.
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
    let mut state = State::new(task, network, checkpoint)?;
    let mut cadence = Cadence::new(config.checkpoint_every);
    let first = state.history.epochs.len() + 1;
    progress.begin_at(seen(&training, first, state.position.images));
    tell_short_classes(task, &training, progress);
    for number in first..=config.epochs {
        let epoch = Epoch::from(state.position.clone(), number, task, &training);
        let way = Way { observer: &mut *observer, cadence: &mut cadence, progress };
        let trained = train_epoch(epoch, &mut state, network, way)
            .inspect_err(|error| state.list_diverged(task, error))?;
        let all = training.count().saturating_mul(config.epochs);
        let validated = state.pass(task, network, all).validate(&validation, number);
        if !validated.loss.is_finite() {
            let place = "after its last step";
            let error = diverged(task, ("validation", validated.loss), (number, place), true);
            state.list_diverged(task, &error);
            return Err(error);
        }
        let record = record(number, &trained, &validated, training.images());
        progress.say(&line(&record, config.epochs));
        let verdict = observer.after_epoch(number, network, progress)?;
        state.finish_epoch(network, record);
        let ends = verdict == Verdict::Stop || number == config.epochs;
        let interrupted = task.interrupt.is_requested();
        if ends || interrupted || cadence.is_due_after_epoch() {
            cadence.save(|| state.save(task, network))?;
        }
        if ends {
            break;
        }
        if interrupted {
            return Err(Error::Interrupted(format!("stopped after epoch {number}")));
        }
    }
    if state.history.collapsed() {
        progress.say(COLLAPSED);
    }
    state.write_models(task, network)?;
    Ok(state.history)
}

fn record(epoch: usize, trained: &Trained, validated: &Validated, images: usize) -> EpochRecord {
    EpochRecord {
        epoch,
        train_loss: trained.loss,
        validation_loss: validated.loss,
        seconds: trained.seconds,
        images_per_second: images as f64 / trained.seconds,
        spread: Some(validated.spread),
        active: trained.active,
    }
}

/// Who looks on, and what is written on the way.
struct Way<'a> {
    observer: &'a mut dyn Observer,
    cadence: &'a mut Cadence,
    progress: &'a RunProgress,
}

/// Trains on the images of an epoch that are still to come, and saves on the way.
fn train_epoch(
    mut epoch: Epoch,
    state: &mut State,
    network: &mut dyn Network,
    way: Way,
) -> Result<Trained> {
    let Way { observer, cadence, progress } = way;
    let Epoch { task, number, steps, training, .. } = epoch;
    let all = steps.saturating_mul(task.config.epochs);
    while let Some(batch) = epoch.next_batch() {
        let before = (number - 1) * steps + epoch.steps_done();
        if observer.every().is_some_and(|every| before.is_multiple_of(every)) {
            observer.after_steps(before, network)?;
        }
        let value = state.pass(task, network, all).step(&batch, &mut epoch.random);
        let looked = epoch.took(value, batch.labels.len())?;
        let done = epoch.steps_done();
        if looked {
            progress.seen(seen(training, number, epoch.images_seen()), epoch.mean_loss());
        }
        // The end of an epoch is saved anyhow, with what it gave.
        if done == steps {
            break;
        }
        let interrupted = task.interrupt.is_requested();
        if interrupted || cadence.is_due(done) {
            let position = epoch.position()?;
            cadence.save(|| state.save_at(task, network, position))?;
        }
        if interrupted {
            let place = format!("stopped in epoch {number} after step {done} of {steps}");
            return Err(Error::Interrupted(place));
        }
    }
    epoch.end()
}

/// Images that a whole training has seen at a place in one of its epochs. Batches of classes may
/// show more than there are.
fn seen(training: &Batches, epoch: usize, images: usize) -> u64 {
    ((epoch - 1) * training.images() + images.min(training.images())) as u64
}

/// Classes that are named one by one; more are counted.
const NAMED: usize = 3;

/// Names the classes that are drawn from with replacement, and those of which no pair can be.
fn tell_short_classes(task: &Task, training: &Batches, progress: &RunProgress) {
    let name = |class: &i64| task.classes[*class as usize].name.as_str();
    let short = training.small_classes();
    for (class, has, takes) in short.iter().take(if short.len() > NAMED { 0 } else { NAMED }) {
        progress.say(&format!(
            "class {} has {has} training {}, fewer than the {takes} that a batch takes of each \
             class: {} drawn with replacement",
            name(class),
            things(*has, "image"),
            if *has == 1 { "it is" } else { "they are" }
        ));
    }
    if let [(_, _, takes), ..] = short.as_slice()
        && short.len() > NAMED
    {
        progress.say(&format!(
            "{} classes have fewer training images than the {takes} that a batch takes of each \
             class: they are drawn with replacement",
            short.len()
        ));
    }
    tell_lonely_classes(task, training, progress);
}

/// Counts the classes of which there is no pair.
fn tell_lonely_classes(task: &Task, training: &Batches, progress: &RunProgress) {
    let lonely = training.singleton_classes();
    let classes = class_sizes(&task.train.labels).len();
    let mut names: Vec<&str> = lonely
        .iter()
        .take(NAMED)
        .map(|&class| task.classes[class as usize].name.as_str())
        .collect();
    names.extend((lonely.len() > NAMED).then_some("…"));
    let names = names.join(", ");
    match lonely.len() {
        0 => {}
        all if all == classes => progress.say(&format!(
            "no class has two training images: {} has no pair of one class to learn from",
            task.loss.name()
        )),
        some => progress.say(&format!(
            "{some} of {classes} classes {}",
            match some {
                1 => format!(
                    "has a single training image ({names}), so no pair of its own: it serves as \
                     another class alone"
                ),
                _ => format!(
                    "have a single training image ({names}), so no pair of their own: they serve \
                     as other classes alone"
                ),
            }
        )),
    }
    let pairs = task.loss.batches() != BatchKind::Images;
    if pairs && class_sizes(&task.validation.labels).into_values().all(|images| images < 2) {
        progress.say(
            "no class has two validation images: the validation loss knows no pair of one class",
        );
    }
}

/// What is said of a collapsed run.
const COLLAPSED: &str = "COLLAPSED: all images are embedded at nearly one point, so distances \
                         tell little; after a handful of steps BatchNorm's statistics may lag, \
                         else try a smaller train.learning_rate or other settings of the loss \
                         (dml losses)";

/// The batches that a loss is given of some images.
pub fn batches_of(config: &TrainConfig, loss: &Loss, part: &Subset) -> Batches {
    let TrainConfig { batch: size, images_per_class: per_class, steps, seed, .. } = *config;
    let shape = BatchShape { kind: loss.batches(), size, per_class, steps };
    Batches::new(&part.labels, shape, seed)
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
