import { rowsOf } from "../../live/live";
import { useLive } from "../../live/react";
import { Card } from "../../ui/Card";
import { Notice } from "../../ui/Notice";
import { Waiting } from "../../ui/Waiting";
import { LimitsForm } from "./LimitsForm";

/** What a project may use for which administrators have chosen nothing of its own. */
export function SiteLimitsCard() {
  const settings = useLive("server_settings", { id: null, project_defaults: null });
  const builtIn = rowsOf(useLive("server_stats", { id: null, project_limits: null }))[0]?.project_limits;
  const body = () => {
    switch (settings.state) {
      case "loading":
        return <Waiting what="the settings" />;
      case "failed":
        return <Notice kind="failed">{settings.error.message}</Notice>;
      case "stale":
      case "ready":
        return (
          <LimitsForm
            chosen={settings.rows[0]?.project_defaults ?? {}}
            fallback={builtIn}
            otherwise="Built in"
            saved="The limits hold for all projects that have none of their own."
            onSave={(store, changes) =>
              store.set("server_settings", { id: "site", project_defaults: changes }, { optimistic: false })
            }
          />
        );
    }
  };
  return (
    <Card
      title="Site’s defaults"
      description="What each project may use, unless it has limits of its own. A change holds at once, also where programs run. An empty field is as Lyceum has it built in."
    >
      {body()}
    </Card>
  );
}
