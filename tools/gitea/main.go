// Gitea as one executable for the tests of the forge connector: the server's own code, started as its own main does.
// The module proxy has the server as a package, but no executable of it.
package main

import (
	"os"
	"time"

	"code.gitea.io/gitea/cmd"
	"code.gitea.io/gitea/modules/log"
	_ "code.gitea.io/gitea/modules/markup/markdown"
	"code.gitea.io/gitea/modules/setting"
)

const version = "1.26.0"

func main() {
	setting.AppVer = version
	setting.AppStartTime = time.Now().UTC()
	err := cmd.RunMainApp(cmd.NewMainApp(cmd.AppVersion{Version: version}), os.Args...)
	log.GetManager().Close()
	if err != nil {
		os.Exit(1)
	}
}
