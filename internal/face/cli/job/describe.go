package job

import (
	"archive/tar"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/dc-release/dc-release/internal/core/component"
	"github.com/dc-release/dc-release/internal/core/fault"
	"github.com/dc-release/dc-release/internal/face/cli/console"
)

// flags says what a kind of reports is called.
var flags = map[component.Kind]string{
	component.SBOM:       "list of the artifact's components: CycloneDX 1.4 to 1.7 as JSON",
	component.Scan:       "what a scanner found: SARIF 2.1.0 or the JSON of OSV-Scanner",
	component.VEX:        "what was said of findings: CycloneDX with vulnerabilities",
	component.Provenance: "signed statement of the build: DSSE with an in-toto statement; its signature decides where the baseline names builders",
}

// Describe is "dc-release describe".
func Describe(env *console.Env) *cobra.Command {
	files := map[component.Kind]*[]string{}
	cmd := &cobra.Command{
		Use: "describe", Short: "Hand in what this run's artifact is made of and what was found in it", Args: cobra.NoArgs,
		Long: "Hand in reports about the artifact that this run's first deploying job handed in: lists of components, scans, assessments of\n" +
			"what they found, statements of the build. Every flag can be given more than once; all reports are kept, or none.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			n := 0
			for _, list := range files {
				n += len(*list)
			}
			if n == 0 {
				return fault.New(fault.Invalid, "describe needs a report").WithHint("name one with --sbom, --scan, --vex or --provenance FILE")
			}
			packed := reports(files)
			defer packed.Close()
			d, err := call[component.Described](cmd.Context(), http.MethodPost, "/describe", "application/x-tar", packed)
			if err != nil {
				return err
			}
			if d.Tree == "" {
				env.Note("rehearsal: would hand in %d reports", n)
				return nil
			}
			for _, r := range d.Reports {
				fmt.Fprintf(env.Out, "%s %s (%s): %s\n", r.Kind, r.Name, r.Format, r.Counted())
			}
			return nil
		},
	}
	for _, kind := range component.Kinds() {
		files[kind] = new([]string)
		cmd.Flags().StringArrayVar(files[kind], string(kind), nil, flags[kind])
	}
	return cmd
}

// reports gives the tar of the files as KIND/NAME while it is written.
func reports(files map[component.Kind]*[]string) io.ReadCloser {
	r, w := io.Pipe()
	go func() { w.CloseWithError(packReports(w, files)) }()
	return r
}

func packReports(w io.Writer, files map[component.Kind]*[]string) error {
	tw := tar.NewWriter(w)
	for _, kind := range component.Kinds() {
		for _, path := range *files[kind] {
			if err := packReport(tw, kind, path); err != nil {
				return fault.New(fault.Invalid, "--%s: %v", kind, err)
			}
		}
	}
	return tw.Close()
}

func packReport(tw *tar.Writer, kind component.Kind, path string) error {
	info, err := os.Stat(path) // before it is opened: a pipe would wait
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Size() > component.MaxSize {
		return fmt.Errorf("%s: want a file of at most %d bytes", path, component.MaxSize)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := tw.WriteHeader(&tar.Header{Name: string(kind) + "/" + filepath.Base(path), Mode: 0o644, Size: int64(len(data)), Format: tar.FormatPAX}); err != nil {
		return err
	}
	_, err = tw.Write(data)
	return err
}
