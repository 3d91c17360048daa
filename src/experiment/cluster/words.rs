//! Words as a shell takes them.

use std::fmt::Display;

/// One word as a shell takes it, quoted where it has to be.
pub fn word(text: impl Display) -> String {
    let text = text.to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./,=:@%+".contains(c);
    match !text.is_empty() && text.chars().all(plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

/// A command as a shell takes it.
pub fn line(words: &[String]) -> String {
    words.iter().map(word).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_with_spaces_or_quotes_is_one_word_to_a_shell() {
        let words = ["a.csv", "my file", "it's", "", "$HOME", "a\nb"].map(word);
        assert_eq!(words, ["a.csv", "'my file'", "'it'\\''s'", "''", "'$HOME'", "'a\nb'"]);
    }

    #[test]
    fn a_shell_reads_a_line_as_the_words_that_it_was_made_of() {
        let words = ["printf", "%s|", "it's", "two words", "", "$HOME", "`id`", "\"\\", "*", "ä"];
        let text = line(&words.map(str::to_owned));
        let output = std::process::Command::new("sh").args(["-c", &text]).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), words[2..].join("|") + "|");
    }
}
