//! Parallel work on the cores.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::mpsc::channel;

use crate::error::Result;
use crate::runtime::{catch_resource_errors, one_libtorch_thread};
use crate::session::Session;

/// Works on tasks, at most `jobs` at a time, each on its own core, and returns the results in the order
/// of the tasks.
///
/// Tasks start in order, so long ones should come first. Running tasks also use idle cores: the last
/// run has the whole machine.
pub fn run_in_parallel<T: Send, R: Send>(
    session: &Session,
    jobs: usize,
    tasks: Vec<T>,
    work: impl Fn(&Session, T) -> Result<R> + Sync,
) -> Vec<Result<R>> {
    run_in_parallel_after(session, jobs, tasks, |_, _| (), |session, task, ()| work(session, task))
}

/// Like [`run_in_parallel`], for tasks that have to wait for something before they start: `wait` does not
/// hold a core while it waits, and passes its result on to `work`.
pub fn run_in_parallel_after<T: Send, W, R: Send>(
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
                while let Some((index, task)) = next() {
                    let waited = wait(&session, &task);
                    let core = session.cores.take();
                    // A task that runs out of memory does not stop the others.
                    let result = catch_resource_errors(|| work(&session, task, waited));
                    drop(core);
                    sender.send((index, result)).expect("the receiver outlives the threads");
                }
            });
        }
    });
    drop(sender);
    let mut ordered: Vec<(usize, Result<R>)> = results.into_iter().collect();
    ordered.sort_by_key(|(index, _)| *index);
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

    /// Works on 12 tasks and returns the results and the maximum number of tasks at a time.
    fn worked(cores: usize, jobs: usize) -> (Vec<usize>, usize) {
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let results =
            run_in_parallel(&session(cores), jobs, (0..12).collect(), |_, task: usize| {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                (0..1000).for_each(|_| std::thread::yield_now());
                now.fetch_sub(1, Ordering::SeqCst);
                Ok(task * task)
            });
        let results = results.into_iter().map(Result::unwrap).collect();
        (results, most.into_inner())
    }

    #[test]
    fn results_keep_the_order_of_the_tasks_and_jobs_limits_the_tasks_at_a_time() {
        let squares: Vec<usize> = (0..12).map(|task| task * task).collect();
        for (cores, jobs, at_most) in [(1, 4, 1), (2, 8, 2), (8, 3, 3), (4, 0, 1)] {
            let (results, most) = worked(cores, jobs);
            assert_eq!(results, squares);
            assert!(most <= at_most, "{most} at a time with {cores} cores and {jobs} jobs");
        }
    }

    #[test]
    fn waiting_tasks_do_not_hold_a_core() {
        // Each task waits for all before it, so a core held while waiting would never be released.
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
        let results = run_in_parallel_after(&session(1), 4, (0..12).collect(), wait, work);
        let results: Vec<usize> = results.into_iter().map(Result::unwrap).collect();
        assert_eq!(results, (0..12).collect::<Vec<_>>());
    }

    #[test]
    fn a_task_without_memory_fails_and_the_others_finish() {
        let work = |_: &Session, task: usize| {
            assert!(task != 1, "DefaultCPUAllocator: can't allocate memory");
            Ok(task)
        };
        let results = run_in_parallel(&session(2), 2, vec![0, 1, 2], work);
        let message = results[1].as_ref().unwrap_err().to_string();
        assert!(message.starts_with("out of memory: "), "{message}");
        assert!(results[0].is_ok() && results[2].is_ok());
    }

    #[test]
    fn no_tasks_give_no_results() {
        let none = run_in_parallel(&session(1), 2, Vec::<usize>::new(), |_, task| Ok(task));
        assert!(none.is_empty());
    }
}
