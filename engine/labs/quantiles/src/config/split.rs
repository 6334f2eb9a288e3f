//! The setting `split`: a seed, or the columns of a file.

use std::path::PathBuf;

use weightscope_frame::experiment::Problem;

/// What divides the rows of a table into parts and folds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Split {
    /// A random division.
    Seeded(u64),
    /// Two columns of a CSV file.
    File {
        /// The file.
        path: PathBuf,
        /// The column that names the part of each row: `part3`.
        part: String,
        /// The column with the folds of the training rows: `fold3`.
        fold: String,
    },
}

impl Split {
    /// Reads the setting.
    pub(crate) fn read(text: &str) -> Result<Self, Problem> {
        let wrong = |why: String, allowed: &str| Err(Problem::error("split", why).allowing(allowed));
        if let Some((path, part)) = text.rsplit_once(".csv:") {
            if !part.starts_with("part") {
                let why = format!("\"{part}\" names no part column");
                return wrong(why, "a seed, or FILE.csv:part3 with folds in the column fold3");
            }
            let path = PathBuf::from(format!("{path}.csv"));
            return Ok(Self::File { path, part: part.to_owned(), fold: part.replacen("part", "fold", 1) });
        }
        text.trim().parse().map(Self::Seeded).or_else(|_| {
            let why = format!("\"{text}\" is neither a seed nor a file");
            wrong(why, "a whole number, or FILE.csv:part3")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_is_a_seed_or_two_columns_of_a_file() {
        assert_eq!(Split::read(" 7 ").unwrap(), Split::Seeded(7));
        let file = Split::read("C:\\data\\parts.csv:part3").unwrap();
        let (part, fold) = ("part3".to_owned(), "fold3".to_owned());
        assert_eq!(file, Split::File { path: PathBuf::from("C:\\data\\parts.csv"), part, fold });
        for (text, words) in
            [("parts.csv:fold3", "names no part column"), ("parts.csv", "neither a seed nor a file")]
        {
            assert!(Split::read(text).unwrap_err().to_string().contains(words), "{text}");
        }
    }
}
