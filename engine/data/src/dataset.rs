//! A data set in memory: a table of finite features with one target per row, checked once, then immutable.

use super::error::{DataError, Problem};
use super::read::{Doubt, Read};

/// How the columns of a row form an image: `columns = channels · height · width`, channel by channel, each
/// channel row by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageShape {
    /// Colour planes: 1 for grey, 3 for red, green, blue.
    pub channels: usize,
    /// Pixel rows.
    pub height: usize,
    /// Pixels in a row.
    pub width: usize,
}

impl ImageShape {
    /// Values of one image.
    pub fn values(self) -> usize {
        self.channels.saturating_mul(self.height).saturating_mul(self.width)
    }
}

/// What is to be predicted from a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// One class per row.
    Classes {
        /// Index into `names`, `[rows]`.
        labels: Vec<u32>,
        /// A name per class; a class may have no rows.
        names: Vec<String>,
    },
    /// One number per row, `[rows]`.
    Values(Vec<f32>),
}

/// What a [`Dataset`] is made of.
#[derive(Clone, Debug)]
pub struct Contents {
    /// The name shown to the user.
    pub name: String,
    /// Row after row, `[rows, columns]`, in the units of the source (a pixel of MNIST is 0 to 255).
    pub features: Vec<f32>,
    /// Length of a row.
    pub columns: usize,
    /// How a row forms an image, if it does.
    pub image: Option<ImageShape>,
    /// What is to be predicted.
    pub target: Target,
    /// A name per column, or none at all: then they are called `x0`, `x1`, ….
    pub column_names: Vec<String>,
    /// What was taken off each column, in its units, so that single precision holds its digits; empty for nothing.
    pub offsets: Vec<f64>,
    /// What was read.
    pub read: Read,
}

impl Default for Contents {
    /// Nothing: a start for those that fill it.
    fn default() -> Self {
        Self {
            name: String::new(),
            features: Vec::new(),
            columns: 0,
            image: None,
            target: Target::Values(Vec::new()),
            column_names: Vec::new(),
            offsets: Vec::new(),
            read: Read::default(),
        }
    }
}

/// A checked data set. Its contents never change; a subset is a new data set with a hash of its own.
#[derive(Clone, Debug)]
pub struct Dataset {
    contents: Contents,
    rows: usize,
    hash: String,
}

impl Dataset {
    /// Checks the contents and computes their hash.
    ///
    /// # Errors
    /// [`DataError::Unusable`] if there are no rows or columns, the lengths do not fit each other, a value is not
    /// finite or a label has no class.
    pub fn new(mut contents: Contents) -> Result<Self, DataError> {
        if contents.column_names.is_empty() {
            contents.column_names = (0..contents.columns).map(|column| format!("x{column}")).collect();
        }
        if contents.offsets.len() != contents.columns {
            contents.offsets = vec![0.0; contents.columns];
        }
        match check(&contents) {
            Ok(rows) => {
                let hash = hash(&contents, rows);
                account(&mut contents, rows, &hash);
                Ok(Self { contents, rows, hash })
            }
            Err(problem) => Err(DataError::Unusable { problem, place: contents.name }),
        }
    }

    /// The name shown to the user.
    pub fn name(&self) -> &str {
        &self.contents.name
    }

    /// All features, row after row, `[rows, columns]`.
    pub fn features(&self) -> &[f32] {
        &self.contents.features
    }

    /// Number of rows, at least 1.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Number of features in a row, at least 1.
    pub fn columns(&self) -> usize {
        self.contents.columns
    }

    /// How a row forms an image, if it does.
    pub fn image(&self) -> Option<ImageShape> {
        self.contents.image
    }

    /// What is to be predicted.
    pub fn target(&self) -> &Target {
        &self.contents.target
    }

    /// A name per column.
    pub fn column_names(&self) -> &[String] {
        &self.contents.column_names
    }

    /// What was taken off each column, in its units; a value of the source is the feature plus this.
    pub fn offsets(&self) -> &[f64] {
        &self.contents.offsets
    }

    /// What was read, with the rows and the hash of this data set.
    pub fn read(&self) -> &Read {
        &self.contents.read
    }

    /// BLAKE3, hexadecimal, over the shape, the bits of the features and the targets; names do not count.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The features of one row, `[columns]`, if there is such a row.
    pub fn row(&self, row: usize) -> Option<&[f32]> {
        self.contents.features.chunks_exact(self.contents.columns).nth(row)
    }

    /// The class of each row, `[rows]`, each below [`Dataset::classes`].
    ///
    /// # Errors
    /// [`Problem::NoClasses`] if the target is a value.
    pub fn labels(&self) -> Result<&[u32], DataError> {
        match &self.contents.target {
            Target::Classes { labels, .. } => Ok(labels),
            Target::Values(_) => Err(self.unusable(Problem::NoClasses)),
        }
    }

    /// The name of each class.
    ///
    /// # Errors
    /// [`Problem::NoClasses`] if the target is a value.
    pub fn class_names(&self) -> Result<&[String], DataError> {
        match &self.contents.target {
            Target::Classes { names, .. } => Ok(names),
            Target::Values(_) => Err(self.unusable(Problem::NoClasses)),
        }
    }

    /// The number of classes, those without rows included.
    ///
    /// # Errors
    /// [`Problem::NoClasses`] if the target is a value.
    pub fn classes(&self) -> Result<usize, DataError> {
        self.class_names().map(<[String]>::len)
    }

    /// The value to predict in each row, `[rows]`.
    ///
    /// # Errors
    /// [`Problem::NoValues`] if the target is a class.
    pub fn values(&self) -> Result<&[f32], DataError> {
        match &self.contents.target {
            Target::Values(values) => Ok(values),
            Target::Classes { .. } => Err(self.unusable(Problem::NoValues)),
        }
    }

    /// The given rows in the given order as a data set of their own. Classes keep their numbers.
    ///
    /// # Errors
    /// [`DataError::Request`] if there is no such row, [`DataError::Unusable`] if `rows` is empty.
    pub fn select(&self, rows: &[usize]) -> Result<Self, DataError> {
        let mut features = Vec::new();
        super::batches::gather(self, rows, &mut features)?;
        // `gather` has checked every row.
        let target = match &self.contents.target {
            Target::Classes { labels, names } => {
                let labels = rows.iter().filter_map(|row| labels.get(*row).copied()).collect();
                Target::Classes { labels, names: names.clone() }
            }
            Target::Values(values) => {
                Target::Values(rows.iter().filter_map(|row| values.get(*row).copied()).collect())
            }
        };
        Self::new(Contents {
            name: self.contents.name.clone(),
            features,
            columns: self.contents.columns,
            image: self.contents.image,
            target,
            column_names: self.contents.column_names.clone(),
            offsets: self.contents.offsets.clone(),
            read: self.contents.read.clone(),
        })
    }

    /// The same data under another name.
    #[must_use]
    pub(super) fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.contents.name);
        self
    }

    fn unusable(&self, problem: Problem) -> DataError {
        DataError::Unusable { problem, place: self.contents.name.clone() }
    }
}

/// Completes what was read by what the data set itself shows: rows, hash, classes, the form of images.
fn account(contents: &mut Contents, rows: usize, hash: &str) {
    let read = &mut contents.read;
    if read.place.is_empty() {
        read.place.clone_from(&contents.name);
    }
    if read.form.is_empty() {
        read.form = match contents.image {
            Some(ImageShape { channels, height, width }) => {
                format!("images of {height} × {width}, channels {channels}")
            }
            None => format!("rows of {} numbers", contents.columns),
        };
    }
    (read.rows, read.hash) = (rows, hash.to_owned());
    let Target::Classes { labels, names } = &contents.target else { return };
    let mut counts = vec![0_usize; names.len()];
    for label in labels {
        if let Some(count) = counts.get_mut(*label as usize) {
            *count += 1;
        }
    }
    let empty = counts.iter().filter(|count| **count == 0).count();
    read.classes = names.iter().cloned().zip(counts).collect();
    let doubt = |why: String, remedy: &str| Doubt { why, remedy: remedy.to_owned(), ..Doubt::default() };
    read.doubts.retain(|own| !own.why.starts_with(SINGLE) && !own.why.starts_with(WITHOUT_ROWS));
    if let [only] = names.as_slice() {
        let why = format!("{SINGLE}, \"{only}\": every network is right about all rows");
        read.doubts.push(doubt(why, "choose data with at least two classes"));
    } else if empty > 0 {
        let why = format!("{WITHOUT_ROWS}: {empty} of {} have none", names.len());
        read.doubts.push(doubt(why, "no row shows what they look like; check the labels"));
    }
}

/// How the doubt about data of one class begins.
const SINGLE: &str = "there is a single class";
/// How the doubt about classes without rows begins.
const WITHOUT_ROWS: &str = "there are classes without rows";

/// The number of rows of contents that keep every promise of [`Dataset`].
fn check(contents: &Contents) -> Result<usize, Problem> {
    let Contents { features, columns, image, target, column_names, .. } = contents;
    let (columns, values) = (*columns, features.len());
    if columns == 0 {
        return Err(Problem::NoColumns);
    }
    if values == 0 {
        return Err(Problem::Empty);
    }
    if !values.is_multiple_of(columns) {
        return Err(Problem::Ragged { values, columns });
    }
    if column_names.len() != columns {
        return Err(Problem::ColumnNames { names: column_names.len(), columns });
    }
    if let Some(pixels) = image.map(ImageShape::values).filter(|pixels| *pixels != columns) {
        return Err(Problem::ImageSize { pixels, columns });
    }
    if let Some((index, value)) = features.iter().enumerate().find(|(_, value)| !value.is_finite()) {
        let column = column_names.get(index % columns).cloned().unwrap_or_default();
        return Err(Problem::NonFiniteFeature { row: index / columns + 1, column, value: *value });
    }
    check_target(target, values / columns)
}

/// `rows` again, if there is one finite value or one existing class for each.
fn check_target(target: &Target, rows: usize) -> Result<usize, Problem> {
    let targets = match target {
        Target::Classes { labels, names } => {
            let classes = names.len();
            if let Some((row, label)) =
                labels.iter().enumerate().find(|(_, label)| **label as usize >= classes)
            {
                return Err(Problem::LabelOutOfRange { row: row + 1, label: *label, classes });
            }
            labels.len()
        }
        Target::Values(values) => {
            if let Some((row, value)) = values.iter().enumerate().find(|(_, value)| !value.is_finite()) {
                return Err(Problem::NonFiniteTarget { row: row + 1, value: *value });
            }
            values.len()
        }
    };
    if targets == rows { Ok(rows) } else { Err(Problem::CountMismatch { rows, targets }) }
}

/// The hash described at [`Dataset::hash`]. All numbers are little-endian.
fn hash(contents: &Contents, rows: usize) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut count = |value: usize| {
        hasher.update(&(value as u64).to_le_bytes());
    };
    count(rows);
    count(contents.columns);
    match contents.image {
        Some(image) => [image.channels, image.height, image.width].into_iter().for_each(&mut count),
        None => count(0),
    }
    match &contents.target {
        // The regression tag 0 cannot be a number of classes, for there is at least one row.
        Target::Classes { names, .. } => count(names.len()),
        Target::Values(_) => count(0),
    }
    // Data sets without offsets keep the hash that they always had.
    for offset in contents.offsets.iter().filter(|_| contents.offsets.iter().any(|offset| *offset != 0.0)) {
        hasher.update(&offset.to_bits().to_le_bytes());
    }
    hash_words(&mut hasher, contents.features.iter().map(|value| value.to_bits()));
    match &contents.target {
        Target::Classes { labels, .. } => hash_words(&mut hasher, labels.iter().copied()),
        Target::Values(values) => hash_words(&mut hasher, values.iter().map(|value| value.to_bits())),
    }
    hasher.finalize().to_hex().to_string()
}

/// Feeds words in blocks, for one call per word would cost more than the hash.
fn hash_words(hasher: &mut blake3::Hasher, words: impl Iterator<Item = u32>) {
    const BLOCK_BYTES: usize = 1 << 16;
    let mut block = Vec::with_capacity(BLOCK_BYTES);
    for word in words {
        block.extend_from_slice(&word.to_le_bytes());
        if block.len() == BLOCK_BYTES {
            hasher.update(&block);
            block.clear();
        }
    }
    hasher.update(&block);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents() -> Contents {
        Contents {
            name: "mine".into(),
            features: vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            columns: 2,
            image: None,
            target: Target::Classes { labels: vec![0, 1, 1], names: vec!["no".into(), "yes".into()] },
            ..Contents::default()
        }
    }

    fn refusal(change: impl FnOnce(&mut Contents)) -> String {
        let mut changed = contents();
        change(&mut changed);
        Dataset::new(changed).unwrap_err().to_string()
    }

    #[test]
    fn gives_back_what_it_was_made_of() {
        let dataset = Dataset::new(contents()).unwrap();
        assert_eq!((dataset.rows(), dataset.columns(), dataset.classes().unwrap()), (3, 2, 2));
        assert_eq!(dataset.labels().unwrap(), [0, 1, 1]);
        assert_eq!(dataset.class_names().unwrap(), ["no", "yes"]);
        assert_eq!(dataset.column_names(), ["x0", "x1"]);
        assert_eq!(dataset.row(1), Some(&[3.0, 4.0][..]));
        assert_eq!(dataset.row(3), None);
        assert_eq!(
            dataset.values().unwrap_err().to_string(),
            "the target is a class, not a value; choose a data set with values, or read its target as values: mine"
        );
    }

    #[test]
    fn a_regression_set_has_values_and_no_classes() {
        let dataset = Dataset::new(Contents { target: Target::Values(vec![0.5; 3]), ..contents() }).unwrap();
        assert_eq!(dataset.values().unwrap(), [0.5; 3]);
        assert!(
            dataset.classes().unwrap_err().to_string().starts_with("the target is a value, not a class;")
        );
    }

    #[test]
    fn contents_that_do_not_fit_are_refused() {
        assert_eq!(refusal(|c| c.features.clear()), "there are no rows; choose a file with data in it: mine");
        assert!(refusal(|c| c.columns = 0).starts_with("there are no feature columns;"));
        assert!(refusal(|c| c.columns = 4).starts_with("6 feature values do not fill rows of 4 columns;"));
        assert!(refusal(|c| c.column_names = vec!["a".into()]).starts_with("there are 1 column names for 2"));
        assert!(
            refusal(|c| c.image = Some(ImageShape { channels: 1, height: 2, width: 2 }))
                .starts_with("an image of 4 values does not fit rows of 2 columns;")
        );
        assert!(
            refusal(|c| c.target = Target::Values(vec![1.0]))
                .starts_with("there are 3 rows of features but 1 targets;")
        );
    }

    #[test]
    fn values_that_are_not_finite_are_refused_by_place() {
        assert_eq!(
            refusal(|c| c.features[3] = f32::NAN),
            "row 2, column \"x1\" is NaN; replace or remove values that are not finite: mine"
        );
        assert_eq!(
            refusal(|c| c.target = Target::Values(vec![0.0, 1.0, f32::INFINITY])),
            "the target of row 3 is inf; replace or remove values that are not finite: mine"
        );
    }

    #[test]
    fn a_label_without_class_is_refused() {
        let target = Target::Classes { labels: vec![0, 2, 1], names: vec!["a".into(), "b".into()] };
        assert_eq!(
            refusal(|c| c.target = target),
            "row 2 has label 2, but the classes are 0 to 1; check that the labels belong to this data set: mine"
        );
    }

    #[test]
    fn the_hash_follows_contents_not_names() {
        let original = Dataset::new(contents()).unwrap();
        assert_eq!(original.hash().len(), 64);
        assert_eq!(original.hash(), Dataset::new(contents()).unwrap().named("other").hash());
        let changed = |change: fn(&mut Contents)| {
            let mut changed = contents();
            change(&mut changed);
            Dataset::new(changed).unwrap().hash().to_owned()
        };
        let image = Some(ImageShape { channels: 1, height: 1, width: 2 });
        let with_image = Dataset::new(Contents { image, ..contents() }).unwrap();
        let hashes = [
            original.hash().to_owned(),
            with_image.hash().to_owned(),
            changed(|c| c.features[0] = 1.000_000_1),
            changed(|c| c.target = Target::Values(vec![0.0, 0.0, 0.0])),
            changed(|c| c.target = Target::Classes { labels: vec![0, 1, 0], names: vec![String::new(); 2] }),
            changed(|c| c.target = Target::Classes { labels: vec![0, 1, 1], names: vec![String::new(); 3] }),
            changed(|c| (c.columns, c.target) = (1, Target::Values(vec![0.0; 6]))),
        ];
        let distinct: std::collections::BTreeSet<_> = hashes.iter().collect();
        assert_eq!(distinct.len(), hashes.len());
    }

    #[test]
    fn selects_rows_in_order() {
        let subset = Dataset::new(contents()).unwrap().select(&[2, 0]).unwrap();
        assert_eq!(subset.features(), [5.0, 6.0, 1.0, 2.0]);
        assert_eq!(subset.labels().unwrap(), [1, 0]);
        assert!(Dataset::new(contents()).unwrap().select(&[3]).is_err());
        assert!(Dataset::new(contents()).unwrap().select(&[]).is_err());
    }
}
