// Renders a chart with Helm's own library, again and again in one process, and tells how long each time took.
// `cargo xtask bench render` runs it beside Seaway: what is left is the difference between the renderers, without
// the start of a process.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"helm.sh/helm/v3/pkg/releaseutil"
)

// What `helm template` does with a chart that was read: values, templates, documents in order.
func render(loaded *chart.Chart, number int) (int, error) {
	values := map[string]interface{}{
		"replicaCount": number%7 + 1,
		"cluster":      fmt.Sprintf("c%d", number),
	}
	if err := chartutil.ProcessDependenciesWithMerge(loaded, values); err != nil {
		return 0, err
	}
	options := chartutil.ReleaseOptions{Name: "bench", Namespace: "bench", Revision: 1, IsInstall: true}
	all, err := chartutil.ToRenderValues(loaded, values, options, chartutil.DefaultCapabilities)
	if err != nil {
		return 0, err
	}
	files, err := engine.Render(loaded, all)
	if err != nil {
		return 0, err
	}
	// As Helm does: notes are no manifest.
	for path := range files {
		if strings.HasSuffix(path, "NOTES.txt") {
			delete(files, path)
		}
	}
	hooks, manifests, err := releaseutil.SortManifests(files, nil, releaseutil.InstallOrder)
	return len(hooks) + len(manifests), err
}

func run(folder string, rounds int) error {
	var once, again []float64
	documents := 0
	for number := range rounds {
		start := time.Now()
		loaded, err := loader.LoadDir(folder)
		if err != nil {
			return err
		}
		if documents, err = render(loaded, number); err != nil {
			return err
		}
		once = append(once, time.Since(start).Seconds())
	}
	loaded, err := loader.LoadDir(folder)
	if err != nil {
		return err
	}
	for number := range rounds {
		start := time.Now()
		if _, err := render(loaded, number); err != nil {
			return err
		}
		again = append(again, time.Since(start).Seconds())
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]interface{}{
		"once": once, "again": again, "documents": documents,
	})
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: helm-library FOLDER ROUNDS")
		os.Exit(2)
	}
	rounds, err := strconv.Atoi(os.Args[2])
	if err == nil {
		err = run(os.Args[1], rounds)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
