//! Task numbers in Slurm's notation.

/// Formats ascending numbers as ranges: `0-3,7`.
pub fn ranges(indices: &[usize]) -> String {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for &index in indices {
        match spans.last_mut() {
            Some((_, last)) if *last + 1 == index => *last = index,
            _ => spans.push((index, index)),
        }
    }
    let shown = spans.iter().map(|&(first, last)| match last - first {
        0 => first.to_string(),
        _ => format!("{first}-{last}"),
    });
    shown.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consecutive_numbers_form_a_range() {
        let texts = [&[0, 1, 2, 3, 7][..], &[5], &[1, 3, 4], &[]].map(ranges);
        assert_eq!(texts, ["0-3,7", "5", "1,3-4", ""]);
    }
}
