//! A renderer of charts that only fills in names: what the components ask for, without what charts do with it.

use seaway_core::diagnostic::{Diagnostic, codes};
use seaway_render::hld::{ChartRequest, KustomizationRequest, Renderers};

pub struct Names;

impl Renderers for Names {
    fn chart(&self, request: &ChartRequest<'_>) -> Result<String, Vec<Diagnostic>> {
        let chart = String::from_utf8_lossy(request.chart.get("Chart.yaml").unwrap()).into_owned();
        let name = chart.lines().find_map(|line| line.strip_prefix("name: ")).unwrap_or_default();
        let mut out = String::new();
        let inner = request.chart.under("charts").filter(|(path, _)| path.ends_with("Chart.yaml"));
        for (path, _) in inner {
            out += &format!("---\napiVersion: subchart/v1\nkind: {path}\n");
        }
        for (path, bytes) in request.chart.under("templates") {
            let text = String::from_utf8_lossy(bytes)
                .replace("{{ .Release.Name }}", request.release)
                .replace("{{ .Release.Namespace }}", request.namespace)
                .replace("{{ toJson .Values }}", &request.values.to_string());
            if text.contains("{{ fail }}") {
                let finding = Diagnostic::error(codes::HLD_CHART, format!("{name}/templates/{path} fails"));
                return Err(vec![finding.at(request.place.clone())]);
            }
            for document in text.split("\n---\n") {
                out += &format!("---\n# Source: {name}/templates/{path}\n{}\n", document.trim_end());
            }
        }
        Ok(out)
    }

    fn kustomization(&self, request: &KustomizationRequest<'_>) -> Result<String, Vec<Diagnostic>> {
        let path = if request.folder.is_empty() { String::new() } else { format!("{}/", request.folder) };
        let Some(bytes) = request.tree.get(&format!("{path}kustomization.yaml")) else {
            return Err(vec![Diagnostic::error(codes::HLD_CHART, format!("no kustomization in `{path}`"))]);
        };
        let text = String::from_utf8_lossy(bytes).into_owned();
        let names = text.lines().filter_map(|line| line.strip_prefix("- "));
        let files = names.map(|name| request.tree.get(&format!("{path}{name}")).expect("a file of the case"));
        Ok(files.map(|bytes| format!("---\n{}", String::from_utf8_lossy(bytes))).collect::<String>())
    }
}
