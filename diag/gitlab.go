package diag

import "io"

// gitlabIssue is one entry of GitLab's code quality report.
type gitlabIssue struct {
	Description string         `json:"description"`
	CheckName   string         `json:"check_name"`
	Fingerprint string         `json:"fingerprint"`
	Severity    string         `json:"severity"` // info, minor, major, critical, blocker
	Location    gitlabLocation `json:"location"`
}

type gitlabLocation struct {
	Path  string      `json:"path"`
	Lines gitlabLines `json:"lines"`
}

type gitlabLines struct {
	Begin int `json:"begin"`
	End   int `json:"end,omitempty"`
}

// WriteGitLab prints GitLab's code quality report: an array of issues, each
// cause once. What has no place in a source is reported at the object.
func WriteGitLab(w io.Writer, doc Document, r Report) error {
	all := unique(doc.findings())
	prints := fingerprints(all, r)
	issues := make([]gitlabIssue, len(all))
	for i := range all {
		f := &all[i]
		issue := gitlabIssue{
			CheckName: "not-verified", Fingerprint: prints[i], Severity: "major",
			Location: gitlabLocation{Path: r.path(f.object.Path), Lines: gitlabLines{Begin: 1}},
		}
		if f.d == nil {
			issue.Description = f.failure()
		} else {
			issue.Description, issue.CheckName = f.d.Message, f.d.Code
			if f.d.Name != "" {
				issue.CheckName += " " + f.d.Name
			}
			issue.Severity = gitlabSeverity(f.d)
			if l := f.d.primary(); l != nil && l.File != "" {
				g := r.label(f.d, l)
				issue.Location = gitlabLocation{Path: r.path(l.File), Lines: gitlabLines{g.line, g.endLine}}
			}
		}
		issues[i] = issue
	}
	return writeIndented(w, issues)
}

func gitlabSeverity(d *Diagnostic) string {
	switch {
	case d.Severity != SeverityError:
		return "minor"
	case d.Class == ClassEnvironment:
		return "major"
	}
	return "critical"
}
