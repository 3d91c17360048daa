//! Runs side by side over the cores.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::mpsc::channel;

use super::Session;
use crate::runtime::one_libtorch_thread;

/// Works on tasks, at most `jobs` at a time, each on a core of its own, and gives the results in
/// the order of the tasks.
///
/// Tasks begin in order, so long ones belong in front. A core that no task holds is lent to the
/// branches of those still at work: the last run alone has the whole machine.
pub fn side_by_side<T: Send, R: Send>(
    session: &Session,
    jobs: usize,
    tasks: Vec<T>,
    work: impl Fn(&Session, T) -> R + Sync,
) -> Vec<R> {
    let count = tasks.len();
    let queue: Mutex<VecDeque<(usize, T)>> = Mutex::new(tasks.into_iter().enumerate().collect());
    let next = || queue.lock().expect("no task panics while it is taken").pop_front();
    let (sender, results) = channel();
    std::thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, count.max(1)) {
            let (session, sender) = (session.share(), sender.clone());
            let (next, work) = (&next, &work);
            scope.spawn(move || {
                one_libtorch_thread();
                while let Some((place, task)) = next() {
                    let core = session.cores.take();
                    let result = work(&session, task);
                    drop(core);
                    sender.send((place, result)).expect("the receiver outlives the threads");
                }
            });
        }
    });
    drop(sender);
    let mut ordered: Vec<(usize, R)> = results.into_iter().collect();
    ordered.sort_by_key(|(place, _)| *place);
    ordered.into_iter().map(|(_, result)| result).collect()
}
