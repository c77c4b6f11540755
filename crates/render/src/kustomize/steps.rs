//! What a kustomization generates, and which changes it asks for in which order.

use std::rc::Rc;

use super::{
    build::{Accumulator, Build, Layer, in_file},
    config::Config,
    fault::Outcome,
    field_spec::{FieldSpec, merge_all},
    generate::{self, Kind},
    helm::ChartSpec,
    node::Node,
    objects,
    origin::{self, Origin, Plugin},
    patch_files,
    plugins::{self, Maker, Place},
    resource::Resource,
    settings::Label,
    transform::{
        names::End,
        namespace::{Move, Subjects},
    },
    transformer::Transformer,
};

/// A change, and what is noted at the objects when it ran.
pub(crate) struct Step {
    pub(crate) transformer: Transformer,
    pub(crate) origin: Option<String>,
}

impl<'a> Build<'a> {
    /// Runs the generators of a layer.
    pub(crate) fn generate(&self, layer: &Layer<'a>, into: &mut Accumulator) -> Outcome<()> {
        let kustomization = &layer.kustomization;
        let global = kustomization.generator_options.as_ref();
        let mut makers = Vec::new();
        for (kind, all) in [(Kind::ConfigMap, &kustomization.config_maps), (Kind::Secret, &kustomization.secrets)] {
            let name = if kind == Kind::ConfigMap { "ConfigMapGenerator" } else { "SecretGenerator" };
            for args in all {
                let mut args = args.clone();
                args.options = args.options.over(global);
                makers.push((Maker::Data(kind, Box::new(args)), self.built_in_origin(layer, name)));
            }
        }
        for chart in &kustomization.charts {
            let origin = self.built_in_origin(layer, "HelmChartInflationGenerator");
            makers.push((Maker::Chart(Box::new(chart.clone())), origin));
        }
        for resource in self.plugin_configurations(layer, &kustomization.generators)? {
            makers.push((plugins::maker(&resource)?, plugin_origin(&resource)));
        }
        for (maker, origin) in makers {
            let mut made = self.make(layer, &maker).map_err(|fault| in_file(fault, &layer.here))?;
            if let Some(origin) = origin {
                for resource in &mut made {
                    origin::set_origin(resource, &origin);
                }
            }
            let scopes = self.scopes();
            into.set.absorb_all(made, &scopes, &self.budget).map_err(|fault| in_file(fault, &layer.here))?;
        }
        Ok(())
    }

    fn make(&self, layer: &Layer<'a>, maker: &Maker) -> Outcome<Vec<Resource>> {
        match maker {
            Maker::Data(kind, args) => {
                let read = |path: &str| layer.folder.read(path).map(<[u8]>::to_vec);
                generate::generate(*kind, args, &read, &layer.here, &self.budget).map(|made| vec![made])
            }
            Maker::Chart(chart) => self.chart(layer, chart),
            Maker::Object(node) => Ok(vec![Resource::new(Node::clone(node), &layer.here)]),
        }
    }

    fn chart(&self, layer: &Layer<'a>, chart: &ChartSpec) -> Outcome<Vec<Resource>> {
        let text = chart.inflate(&layer.folder, self.charts, &self.budget)?;
        let nodes = objects::of_text(&text, &self.budget)?;
        Ok(nodes.into_iter().map(|node| Resource::new(node, &layer.here)).collect())
    }

    fn built_in_origin(&self, layer: &Layer<'_>, kind: &str) -> Option<String> {
        let origin = layer.origin.as_ref()?;
        Some(origin.join(layer.file_name).configured(&Plugin::built_in(kind)))
    }

    /// The changes of a layer, in Kustomize's order.
    pub(crate) fn transformers(&self, layer: &Layer<'a>, done: &Accumulator) -> Outcome<Vec<Step>> {
        let built_in = self.built_in(layer, &done.config).map_err(|fault| in_file(fault, &layer.here))?;
        let named = built_in
            .into_iter()
            .map(|(kind, transformer)| Step { transformer, origin: self.built_in_origin(layer, kind) });
        let mut steps: Vec<Step> = named.collect();
        steps.extend(self.external(layer, &layer.kustomization.transformers)?);
        Ok(steps)
    }

    fn built_in(&self, layer: &Layer<'a>, config: &Rc<Config>) -> Outcome<Vec<(&'static str, Transformer)>> {
        let kustomization = &layer.kustomization;
        let place = Place { folder: &layer.folder, here: &layer.here, budget: &self.budget };
        let (folder, here, budget) = (&layer.folder, &layer.here, &self.budget);
        let mut steps = Vec::new();
        if !kustomization.patches_strategic_merge.is_empty() {
            let entries = kustomization.patches_strategic_merge.iter();
            let patches = entries.map(|entry| patch_files::strategic(entry, folder, here, budget));
            let patches = patches.collect::<Outcome<Vec<_>>>()?;
            steps.push(("PatchStrategicMergeTransformer", Transformer::StrategicMerge(patches)));
        }
        for patch in &kustomization.patches {
            let patch = patch_files::patch(patch, folder, here, budget)?;
            steps.push(("PatchTransformer", Transformer::Patch(patch)));
        }
        if !kustomization.namespace.is_empty() {
            let change = Move {
                namespace: kustomization.namespace.clone(),
                specs: config.namespace.clone(),
                unset_only: false,
                subjects: Subjects::default(),
            };
            steps.push(("NamespaceTransformer", Transformer::Namespace(change)));
        }
        for (kind, text, end, specs) in [
            ("PrefixTransformer", &kustomization.name_prefix, End::Prefix, &config.name_prefix),
            ("SuffixTransformer", &kustomization.name_suffix, End::Suffix, &config.name_suffix),
        ] {
            if !text.is_empty() {
                steps.push((kind, Transformer::Name { text: text.clone(), end, specs: specs.clone() }));
            }
        }
        for label in &kustomization.labels {
            let specs = label_specs(label, config)?;
            steps.push(("LabelTransformer", Transformer::Texts { texts: label.pairs.clone(), specs }));
        }
        if !kustomization.labels.is_empty() || !kustomization.common_labels.is_empty() {
            let texts = kustomization.common_labels.clone();
            let specs = config.common_labels.clone();
            steps.push(("LabelTransformer", Transformer::Texts { texts, specs }));
        }
        if !kustomization.common_annotations.is_empty() {
            let texts = kustomization.common_annotations.clone();
            let specs = config.common_annotations.clone();
            steps.push(("AnnotationsTransformer", Transformer::Texts { texts, specs }));
        }
        for patch in &kustomization.patches_json6902 {
            let patch = patch_files::json6902(patch.target.as_ref(), &patch.path, &patch.patch, folder, here, budget)?;
            steps.push(("PatchJson6902Transformer", Transformer::Json6902(patch)));
        }
        for replica in &kustomization.replicas {
            let (replica, specs) = (replica.clone(), config.replicas.clone());
            steps.push(("ReplicaCountTransformer", Transformer::Replica { replica, specs }));
        }
        for image in &kustomization.images {
            let (image, specs) = (image.clone(), config.images.clone());
            steps.push(("ImageTagTransformer", Transformer::Image { image, specs }));
        }
        if !kustomization.replacements.is_empty() {
            let all = plugins::replacements(kustomization.replacements.clone(), &place)?;
            steps.push(("ReplacementTransformer", Transformer::Replacements(all)));
        }
        Ok(steps)
    }

    /// The changes of files of `transformers` or `validators`.
    pub(crate) fn external(&self, layer: &Layer<'a>, entries: &[String]) -> Outcome<Vec<Step>> {
        let place = Place { folder: &layer.folder, here: &layer.here, budget: &self.budget };
        let configurations = self.plugin_configurations(layer, entries)?;
        configurations
            .iter()
            .map(|resource| {
                let transformer = plugins::transformer(resource, &place)?;
                Ok(Step { transformer, origin: plugin_origin(resource) })
            })
            .collect()
    }

    /// Entries that are configurations themselves come first, then the files and folders that the others name.
    fn plugin_configurations(&self, layer: &Layer<'a>, entries: &[String]) -> Outcome<Vec<Resource>> {
        let mut into = Accumulator::default();
        let mut paths = Vec::new();
        for entry in entries {
            match objects::of_text(entry, &self.budget) {
                Ok(nodes) => {
                    let mut inline: Vec<Resource> =
                        nodes.into_iter().map(|node| Resource::new(node, &layer.here)).collect();
                    if let Some(origin) = &layer.origin {
                        let text = origin.join(layer.file_name).text();
                        inline.iter_mut().for_each(|resource| origin::set_origin(resource, &text));
                    }
                    let scopes = self.scopes();
                    into.set.append_all(inline, &scopes).map_err(|fault| in_file(fault, &layer.here))?;
                }
                Err(_) => paths.push(entry.clone()),
            }
        }
        Ok(self.resources(layer, into, &paths)?.set.list)
    }
}

/// Where one entry of `labels` goes.
fn label_specs(label: &Label, config: &Config) -> Outcome<Vec<FieldSpec>> {
    let mut specs = label.fields.clone();
    merge_all(&mut specs, &config.labels)?;
    if label.include_selectors {
        merge_all(&mut specs, &config.common_labels)?;
    } else {
        if label.include_templates {
            merge_all(&mut specs, &config.template_labels)?;
        }
        merge_all(&mut specs, &[FieldSpec::any("metadata/labels", true)])?;
    }
    Ok(specs)
}

/// For what a plugin does, from where its configuration came.
fn plugin_origin(resource: &Resource) -> Option<String> {
    let annotations = resource.annotations();
    let own = annotations.get(origin::ORIGIN)?;
    let field = |name: &str| {
        let line = own.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.map(|value| value.trim_matches('\'').to_owned()).unwrap_or_default()
    };
    let origin = Origin { path: field("path"), repository: field("repo"), reference: field("ref") };
    let gvk = resource.gvk();
    Some(origin.configured(&Plugin {
        api_version: gvk.api_version(),
        kind: gvk.kind,
        name: resource.name().to_owned(),
        namespace: resource.namespace().to_owned(),
    }))
}
