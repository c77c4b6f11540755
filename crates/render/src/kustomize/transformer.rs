//! One change with its settings, whether it comes from a field of the kustomization or from a plugin configuration.

use std::collections::BTreeMap;

use super::{
    fault::Outcome,
    field_spec::FieldSpec,
    set::Set,
    settings::{Image, Replacement, Replica},
    transform::{
        Context, hash, images, labels,
        names::{self, End},
        namespace::Move,
        patches::Ready,
        replacements, replicas,
        value_add::{self, Target},
    },
    twins,
};

/// A change.
#[derive(Clone, Debug)]
pub(crate) enum Transformer {
    /// `patches`.
    Patch(Ready),
    /// `patchesStrategicMerge`.
    StrategicMerge(Vec<Ready>),
    /// `patchesJson6902`.
    Json6902(Ready),
    /// `namespace`.
    Namespace(Move),
    /// `namePrefix`, `nameSuffix`.
    Name { text: String, end: End, specs: Vec<FieldSpec> },
    /// `labels`, `commonLabels`, `commonAnnotations`.
    Texts { texts: BTreeMap<String, String>, specs: Vec<FieldSpec> },
    /// `replicas`.
    Replica { replica: Replica, specs: Vec<FieldSpec> },
    /// `images`.
    Image { image: Image, specs: Vec<FieldSpec> },
    /// `replacements`.
    Replacements(Vec<Replacement>),
    /// The suffix of generated names.
    Hash,
    /// One value in several fields.
    ValueAdd { value: String, targets: Vec<Target> },
    /// Several in a row.
    Several(Vec<Transformer>),
}

impl Transformer {
    pub(crate) fn run(&self, set: &mut Set, cx: Context<'_>) -> Outcome<()> {
        cx.budget.spend(set.list.len() as u64)?;
        let before = twins::before(set);
        let count = set.list.len();
        match self {
            Self::Patch(patch) => patch.run(set, cx),
            Self::StrategicMerge(patches) => patches.iter().try_for_each(|patch| patch.run_by_name(set, cx)),
            Self::Json6902(patch) => patch.run_by_selector(set, cx),
            Self::Namespace(change) => change.run(set, cx),
            Self::Name { text, end, specs } => names::extend(set, text, *end, specs, cx),
            Self::Texts { texts, specs } => labels::set_all(set, texts, specs, cx),
            Self::Replica { replica, specs } => replicas::set_count(set, replica, specs, cx),
            Self::Image { image, specs } => images::change(set, image, specs, cx),
            Self::Replacements(all) => replacements::replace(set, all, cx),
            Self::Hash => hash::add_suffixes(set, cx),
            Self::ValueAdd { value, targets } => value_add::add(set, value, targets, cx),
            Self::Several(all) => all.iter().try_for_each(|one| one.run(set, cx)),
        }?;
        if set.list.len() == count {
            twins::carry(set, &before);
        }
        set.drop_gone();
        Ok(())
    }
}
