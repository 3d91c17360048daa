//! Runs side by side over the cores.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::mpsc::channel;

use crate::error::Result;
use crate::runtime::{catch_resource_errors, one_libtorch_thread};
use crate::session::Session;

/// Works on tasks, at most `jobs` at a time, each on a core of its own, and gives the results in
/// the order of the tasks.
///
/// Tasks begin in order, so long ones belong in front. A core that no task holds is lent to
/// those still at work: the last run alone has the whole machine.
pub fn side_by_side<T: Send, R: Send>(
    session: &Session,
    jobs: usize,
    tasks: Vec<T>,
    work: impl Fn(&Session, T) -> Result<R> + Sync,
) -> Vec<Result<R>> {
    side_by_side_after(session, jobs, tasks, |_, _| (), |session, task, ()| work(session, task))
}

/// The same of tasks that wait for something before they can begin: `wait` does so without a core,
/// which those at work need, and hands on what it found.
pub fn side_by_side_after<T: Send, W, R: Send>(
    session: &Session,
    jobs: usize,
    tasks: Vec<T>,
    wait: impl Fn(&Session, &T) -> W + Sync,
    work: impl Fn(&Session, T, W) -> Result<R> + Sync,
) -> Vec<Result<R>> {
    let count = tasks.len();
    let queue: Mutex<VecDeque<(usize, T)>> = Mutex::new(tasks.into_iter().enumerate().collect());
    let next = || queue.lock().expect("no task panics while it is taken").pop_front();
    let (sender, results) = channel();
    std::thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, count.max(1)) {
            let (session, sender) = (session.share(), sender.clone());
            let (next, wait, work) = (&next, &wait, &work);
            scope.spawn(move || {
                one_libtorch_thread();
                while let Some((place, task)) = next() {
                    let found = wait(&session, &task);
                    let core = session.cores.take();
                    // A task that is refused memory does not take the others with it.
                    let result = catch_resource_errors(|| work(&session, task, found));
                    drop(core);
                    sender.send((place, result)).expect("the receiver outlives the threads");
                }
            });
        }
    });
    drop(sender);
    let mut ordered: Vec<(usize, Result<R>)> = results.into_iter().collect();
    ordered.sort_by_key(|(place, _)| *place);
    ordered.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::train::Progress;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn session(cores: usize) -> Session {
        let mut config = Config::default();
        let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/data/fashion-mnist_sample.csv.gz");
        config.data.path = sample.to_owned();
        Session::open(&config, cores, Progress::new()).unwrap()
    }

    /// Works on 12 tasks and gives the results and the most that were under way at once.
    fn worked(cores: usize, jobs: usize) -> (Vec<usize>, usize) {
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let results = side_by_side(&session(cores), jobs, (0..12).collect(), |_, task: usize| {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            (0..1000).for_each(|_| std::thread::yield_now());
            now.fetch_sub(1, Ordering::SeqCst);
            Ok(task * task)
        });
        let results = results.into_iter().map(Result::unwrap).collect();
        (results, most.into_inner())
    }

    #[test]
    fn results_keep_the_order_of_the_tasks_and_no_more_work_at_once_than_may() {
        let squares: Vec<usize> = (0..12).map(|task| task * task).collect();
        for (cores, jobs, at_most) in [(1, 4, 1), (2, 8, 2), (8, 3, 3), (4, 0, 1)] {
            let (results, most) = worked(cores, jobs);
            assert_eq!(results, squares);
            assert!(most <= at_most, "{most} at once with {cores} cores and {jobs} jobs");
        }
    }

    #[test]
    fn tasks_that_wait_for_earlier_ones_keep_no_core_from_them() {
        // Each waits for all before it, so a core held while waiting would never come free.
        let done = AtomicUsize::new(0);
        let wait = |_: &Session, task: &usize| {
            while done.load(Ordering::SeqCst) < *task {
                std::thread::yield_now();
            }
        };
        let work = |_: &Session, task: usize, ()| {
            done.fetch_add(1, Ordering::SeqCst);
            Ok(task)
        };
        let results = side_by_side_after(&session(1), 4, (0..12).collect(), wait, work);
        let results: Vec<usize> = results.into_iter().map(Result::unwrap).collect();
        assert_eq!(results, (0..12).collect::<Vec<_>>());
    }

    #[test]
    fn a_task_that_is_refused_memory_is_an_error_and_the_others_end() {
        let work = |_: &Session, task: usize| {
            assert!(task != 1, "DefaultCPUAllocator: can't allocate memory");
            Ok(task)
        };
        let results = side_by_side(&session(2), 2, vec![0, 1, 2], work);
        let message = results[1].as_ref().unwrap_err().to_string();
        assert!(message.starts_with("out of memory: "), "{message}");
        assert!(results[0].is_ok() && results[2].is_ok());
    }

    #[test]
    fn no_task_is_no_trouble() {
        let none = side_by_side(&session(1), 2, Vec::<usize>::new(), |_, task| Ok(task));
        assert!(none.is_empty());
    }
}
