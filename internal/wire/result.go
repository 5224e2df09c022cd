package wire

import (
	"errors"
	"os"

	"github.com/dc-release/dc-release/internal/adapter/testresult"
	"github.com/dc-release/dc-release/internal/core/evidence"
)

// ReadResult reads a result file, or a folder of Allure results.
func ReadResult(path string) (report evidence.Report, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return report, err
	}
	if info.IsDir() {
		return testresult.ReadFolder(path, os.DirFS(path))
	}
	f, err := os.Open(path)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return testresult.Read(path, f)
}
