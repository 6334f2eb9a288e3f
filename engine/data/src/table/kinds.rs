//! Columns and tables.

/// Code of a missing word.
pub const MISSING: u32 = u32::MAX;

/// Numbers or words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum ColumnKind {
    /// Numbers.
    Numbers,
    /// Words.
    Words,
}

/// One column.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// Numbers; not-a-number where missing.
    Numbers(Vec<f64>),
    /// Words as codes into their sorted list; [`MISSING`] where missing.
    Words {
        /// The words, ascending.
        names: Vec<String>,
        /// A code for each row.
        codes: Vec<u32>,
    },
}

impl Column {
    /// Numbers or words.
    pub fn kind(&self) -> ColumnKind {
        match self {
            Self::Numbers(_) => ColumnKind::Numbers,
            Self::Words { .. } => ColumnKind::Words,
        }
    }

    /// True if the value of a row is missing.
    pub fn is_missing(&self, row: usize) -> bool {
        match self {
            Self::Numbers(values) => values[row].is_nan(),
            Self::Words { codes, .. } => codes[row] == MISSING,
        }
    }

    /// How many values are missing.
    pub fn missing(&self) -> usize {
        match self {
            Self::Numbers(values) => values.iter().filter(|value| value.is_nan()).count(),
            Self::Words { codes, .. } => codes.iter().filter(|code| **code == MISSING).count(),
        }
    }
}

/// Named columns of equal length.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Where it came from, for messages.
    pub place: String,
    /// Names of the columns.
    pub names: Vec<String>,
    /// The columns.
    pub columns: Vec<Column>,
    /// Rows.
    pub rows: usize,
    /// Line of each row in its file; empty for tables without one.
    pub lines: Vec<u64>,
}

impl Table {
    /// Position of a column.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|other| other == name)
    }

    /// How a row is called in messages.
    pub fn row_name(&self, row: usize) -> String {
        match self.lines.get(row) {
            Some(line) => format!("line {line}"),
            None => format!("row {}", row + 1),
        }
    }

    /// blake3 of names and values.
    pub fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for (name, column) in self.names.iter().zip(&self.columns) {
            hasher.update(name.as_bytes());
            hasher.update(b"\n");
            match column {
                Column::Numbers(values) => values.iter().for_each(|value| {
                    hasher.update(&value.to_bits().to_le_bytes());
                }),
                Column::Words { names, codes } => {
                    names.iter().for_each(|name| {
                        hasher.update(name.as_bytes());
                        hasher.update(b"\n");
                    });
                    codes.iter().for_each(|code| {
                        hasher.update(&code.to_le_bytes());
                    });
                }
            }
        }
        hasher.finalize().to_hex().to_string()
    }
}
