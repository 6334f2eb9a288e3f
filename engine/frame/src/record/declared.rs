//! Channels as typed constants: what a channel is, and the only way to declare, record and draw it.
//!
//! A lab lists its channels once with [`channels!`](crate::channels); the frame declares them before the first step, and
//! [`Context`](crate::run::Context) takes nothing else. A [`Family`] is a channel for each of several things that are known only at
//! run time (layers, models); its members share unit, sentence and kind.

use std::borrow::Cow;
use std::marker::PhantomData;

use super::{
    Bands, Bars, Channel, Curve, Data, Dot, Graph, Grid, Histograms, Marks, Ranks, Series, Table, Timeline,
    Vector,
};

/// A kind of channel, as a type: [`kinds`] has one for each kind of [`Data`].
pub trait Kind: 'static {
    /// The data of a channel in which nothing has been recorded.
    fn empty() -> Data;
}

/// A kind whose measurements are whole pictures, one a step.
pub trait PictureKind: Kind {
    /// One picture.
    type Picture;
    /// The pictures of a channel, if it is of this kind.
    fn timeline(data: &mut Data) -> Option<&mut Timeline<Self::Picture>>;
}

/// The kinds of channels.
pub mod kinds {
    use super::{
        Bands, Bars, Curve, Data, Dot, Graph, Grid, Histograms, Kind, Marks, PictureKind, Ranks, Series,
        Table, Timeline, Vector,
    };

    macro_rules! kinds {
        ($($(#[$meta:meta])* $name:ident = $empty:expr;)+) => {
            $(
                $(#[$meta])*
                #[derive(Clone, Copy, Debug)]
                pub enum $name {}
                impl Kind for $name {
                    fn empty() -> Data {
                        $empty
                    }
                }
            )+
        };
    }

    macro_rules! pictures {
        ($($(#[$meta:meta])* $name:ident: $picture:ty = $variant:ident;)+) => {
            $(
                $(#[$meta])*
                #[derive(Clone, Copy, Debug)]
                pub enum $name {}
                impl Kind for $name {
                    fn empty() -> Data {
                        Data::$variant(Timeline::default())
                    }
                }
                impl PictureKind for $name {
                    type Picture = $picture;
                    fn timeline(data: &mut Data) -> Option<&mut Timeline<$picture>> {
                        match data {
                            Data::$variant(timeline) => Some(timeline),
                            _ => None,
                        }
                    }
                }
            )+
        };
    }

    kinds! {
        /// One number over steps; the only kind that stands in `metrics.csv`.
        OfScalars = Data::Scalar(Series::default());
        /// Several numbers over steps.
        OfVectors = Data::Vector(Vector::default());
        /// Events at components of a vector channel.
        OfMarks = Data::Marks(Marks::default());
        /// Counts between fixed edges over steps.
        OfHistograms = Data::Histogram(Histograms::default());
        /// Words.
        OfText = Data::Text(String::new());
        /// What a control offers.
        OfChoices = Data::Choices(Vec::new());
    }

    pictures! {
        /// Rectangles of numbers over steps.
        OfGrids: Grid = Grid;
        /// Scatters over steps.
        OfPoints: Vec<Dot> = Points;
        /// Intervals over steps.
        OfBands: Bands = Bands;
        /// Curves over steps.
        OfCurves: Curve = Curve;
        /// Bars over steps.
        OfBars: Bars = Bars;
        /// Graphs over steps.
        OfGraphs: Graph = Graph;
        /// Mean ranks over steps.
        OfRanks: Ranks = Ranks;
        /// Tables over steps.
        OfTables: Table = Table;
    }
}

/// What a channel says of itself, without its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// Identity inside a run, with `/` between a family and its members: `loss/train`.
    pub id: &'static str,
    /// Words for legends.
    pub label: &'static str,
    /// Unit, empty when there is none.
    pub unit: &'static str,
    /// One sentence: what it is and how it is computed.
    pub about: &'static str,
    /// True if it is a figure of the machine (time, memory), which no two runs share: left out of every comparison.
    pub clock: bool,
}

/// The declaration of one channel of the kind `K`.
#[derive(Debug)]
pub struct Declared<K> {
    words: Words,
    kind: PhantomData<fn() -> K>,
}

/// The declaration of channels of the kind `K`, one for each member; the words' id is that of the family, without `/`.
#[derive(Debug)]
pub struct Family<K> {
    words: Words,
    kind: PhantomData<fn() -> K>,
}

/// One member of a [`Family`], ready to be recorded.
#[derive(Clone, Debug)]
pub struct Member<K> {
    id: String,
    label: String,
    words: Words,
    kind: PhantomData<fn() -> K>,
}

/// A scalar channel.
pub type Scalar = Declared<kinds::OfScalars>;
/// A vector channel.
pub type Components = Declared<kinds::OfVectors>;
/// A channel of events.
pub type Events = Declared<kinds::OfMarks>;

impl<K: Kind> Declared<K> {
    /// A channel. Labs declare theirs with [`channels!`](crate::channels), which lists them too.
    pub const fn new(id: &'static str, label: &'static str, unit: &'static str, about: &'static str) -> Self {
        Self { words: Words { id, label, unit, about, clock: false }, kind: PhantomData }
    }

    /// The same channel as a figure of the machine.
    #[must_use]
    pub const fn clock(mut self) -> Self {
        self.words.clock = true;
        self
    }

    /// Its id.
    pub const fn id(&self) -> &'static str {
        self.words.id
    }
}

impl<K: Kind> Family<K> {
    /// A family. Labs declare theirs with [`channels!`](crate::channels), which lists them too.
    pub const fn new(id: &'static str, label: &'static str, unit: &'static str, about: &'static str) -> Self {
        Self { words: Words { id, label, unit, about, clock: false }, kind: PhantomData }
    }

    /// The same family as figures of the machine.
    #[must_use]
    pub const fn clock(mut self) -> Self {
        self.words.clock = true;
        self
    }

    /// The member of this name, which is its legend too.
    pub fn member(&self, name: &str) -> Member<K> {
        self.labelled(name, name)
    }

    /// The member of this name with words for legends.
    pub fn labelled(&self, name: &str, label: &str) -> Member<K> {
        let id = format!("{}/{name}", self.words.id);
        Member { id, label: label.to_owned(), words: self.words, kind: PhantomData }
    }

    /// The id of the member of this name.
    pub fn id(&self, name: &str) -> String {
        format!("{}/{name}", self.words.id)
    }

    /// The name of the member with this id, if it is one of the family.
    pub fn name<'a>(&self, id: &'a str) -> Option<&'a str> {
        id.strip_prefix(self.words.id)?.strip_prefix('/')
    }
}

/// Something that can be recorded as the kind `K`: a declared channel, or a member of a family.
pub trait Of<K: Kind> {
    /// Identity inside a run.
    fn id(&self) -> Cow<'_, str>;
    /// The channel with nothing in it.
    fn channel(&self) -> Channel;
}

impl<K: Kind> Of<K> for Declared<K> {
    fn id(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.words.id)
    }

    fn channel(&self) -> Channel {
        empty::<K>(self.words.id, self.words.label, &self.words)
    }
}

impl<K: Kind> Of<K> for Member<K> {
    fn id(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.id)
    }

    fn channel(&self) -> Channel {
        empty::<K>(&self.id, &self.label, &self.words)
    }
}

fn empty<K: Kind>(id: &str, label: &str, words: &Words) -> Channel {
    Channel { clock: words.clock, ..Channel::new(id, label, words.unit, words.about, K::empty()) }
}

/// A declaration whatever its kind: what the frame lists, declares and hands to views.
pub trait Declaration: Sync {
    /// What the channels say of themselves.
    fn words(&self) -> &Words;
    /// True for a family.
    fn is_family(&self) -> bool;
    /// The channel with nothing in it; `None` for a family, whose members are known at run time only.
    fn channel(&self) -> Option<Channel>;

    /// The pattern under which views list it: its id, or `family/*`.
    fn pattern(&self) -> String {
        if self.is_family() { format!("{}/*", self.words().id) } else { self.words().id.to_owned() }
    }

    /// True if a channel of this id is meant.
    fn covers(&self, id: &str) -> bool {
        match id.strip_prefix(self.words().id) {
            Some("") => !self.is_family(),
            Some(rest) => self.is_family() && rest.starts_with('/'),
            None => false,
        }
    }
}

impl<K: Kind> Declaration for Declared<K> {
    fn words(&self) -> &Words {
        &self.words
    }

    fn is_family(&self) -> bool {
        false
    }

    fn channel(&self) -> Option<Channel> {
        Some(Of::channel(self))
    }
}

impl<K: Kind> Declaration for Family<K> {
    fn words(&self) -> &Words {
        &self.words
    }

    fn is_family(&self) -> bool {
        true
    }

    fn channel(&self) -> Option<Channel> {
        None
    }
}

/// Declares the channels of a lab: a constant for each, and `ALL`, the list that the frame declares before the first step.
///
/// ```
/// weightscope_frame::channels! {
///     LOSS_TRAIN: Scalar = "loss/train", "train", "nat", "Mean loss of the training batches since the last point.";
///     SCALE: Family<OfScalars> = "scale", "scale", "", "Quantization step of each layer.";
///     STEP_SECONDS: Scalar = "step_seconds", "step", "s", "Wall time of a step.", clock;
/// }
/// assert_eq!(ALL.len(), 3);
/// assert_eq!(LOSS_TRAIN.id(), "loss/train");
/// ```
#[macro_export]
macro_rules! channels {
    ($($name:ident: $kind:ty = $id:expr, $label:expr, $unit:expr, $about:expr $(, $clock:ident)?;)+) => {
        #[allow(unused_imports, reason = "each list uses some of the kinds")]
        use $crate::record::declared::{Components, Declared, Events, Family, Scalar, kinds::*};
        $(
            #[doc = $about]
            pub(crate) const $name: $kind = <$kind>::new($id, $label, $unit, $about)$(.$clock())?;
        )+
        /// All channels of the lab.
        pub(crate) const ALL: &[&dyn $crate::record::declared::Declaration] = &[$(&$name),+];
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCALE: Family<kinds::OfScalars> = Family::new("scale", "scale", "", "The step of each layer.");
    const LOSS: Scalar = Scalar::new("loss/train", "train", "nat", "The mean loss.");

    #[test]
    fn a_family_covers_its_members_and_nothing_else() {
        assert!(SCALE.covers("scale/fc1") && !SCALE.covers("scale") && !SCALE.covers("scaled/fc1"));
        assert!(LOSS.covers("loss/train") && !LOSS.covers("loss/train/more") && !LOSS.covers("loss"));
        assert_eq!(SCALE.name("scale/fc1"), Some("fc1"), "the member's own name");
        assert_eq!((SCALE.pattern().as_str(), LOSS.pattern().as_str()), ("scale/*", "loss/train"));
        let channel = Of::channel(&SCALE.labelled("fc1", "first layer"));
        assert_eq!((channel.id.as_str(), channel.label.as_str()), ("scale/fc1", "first layer"));
        assert_eq!(channel.about, "The step of each layer.", "the family's sentence");
    }
}
