//! Available memory and disk space.

use std::path::Path;

use sysinfo::System;

/// Memory in bytes, of the machine or of the container, whichever is less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// Total memory.
    pub total: u64,
    /// Available memory, including file caches.
    pub available: u64,
}

impl Memory {
    /// The current state.
    pub fn now() -> Memory {
        let mut system = System::new();
        system.refresh_memory();
        let machine = Memory { total: system.total_memory(), available: system.available_memory() };
        if machine.total == 0 {
            // Unknown, so assume no limit.
            return Memory { total: u64::MAX, available: u64::MAX };
        }
        let group = system.cgroup_limits().map(|group| Memory {
            total: group.total_memory,
            // Not its free memory, which excludes caches.
            available: group.total_memory.saturating_sub(group.rss),
        });
        group.map_or(machine, |group| Memory {
            total: machine.total.min(group.total),
            available: machine.available.min(group.available),
        })
    }
}

/// Free disk space in bytes under a path, which need not exist yet; `None` if unknown.
pub fn disk_available(path: &Path) -> Option<u64> {
    let absolute = std::path::absolute(path).ok()?;
    let existing = absolute.ancestors().find(|folder| folder.exists())?;
    free_under(existing)
}

#[cfg(unix)]
fn free_under(folder: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(folder).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}

#[cfg(not(unix))]
fn free_under(_: &Path) -> Option<u64> {
    None
}

/// A human-readable number of bytes, `1.5 GB`.
pub fn bytes(count: u64) -> String {
    let count = count as f64;
    match count {
        ..1e6 => format!("{:.0} KB", count / 1e3),
        ..1e9 => format!("{:.0} MB", count / 1e6),
        _ => format!("{:.1} GB", count / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_and_disk_space_are_found() {
        let memory = Memory::now();
        assert!(memory.available > 10_000_000 && memory.available <= memory.total, "{memory:?}");
        let folder = tempfile::tempdir().unwrap();
        let free = disk_available(folder.path()).unwrap();
        assert!(free > 0);
        assert!(disk_available(&folder.path().join("not/yet")).is_some());
    }

    #[test]
    fn bytes_are_shown_in_a_fitting_unit() {
        assert_eq!([4_000, 12_345_678, 1_540_000_000].map(bytes), ["4 KB", "12 MB", "1.5 GB"]);
    }
}
