import { IconFolders, IconPlus, IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useAccountId, useLive } from "../../live/react";
import { Button } from "../../ui/Button";
import { EmptyState } from "../../ui/EmptyState";
import { Select, TextField } from "../../ui/fields";
import { Notice } from "../../ui/Notice";
import { Page } from "../../ui/Page";
import { Waiting } from "../../ui/Waiting";
import { CreateProject } from "./CreateProject";
import { filtered, type Listed, type Which } from "./list";
import { ProjectList } from "./ProjectList";
import styles from "./ProjectsPage.module.css";

const shape = {
  id: null,
  title: null,
  description: null,
  users: null,
  state: null,
  last_edited: null,
} as const;

/** All projects of this account. */
export function ProjectsPage() {
  const projects = useLive("projects", shape, { order_by: "-last_edited" });
  const [creating, setCreating] = useState(false);
  const create = (
    <Button kind="primary" icon={<IconPlus size={16} />} onClick={() => setCreating(true)}>
      New project
    </Button>
  );
  const body = () => {
    switch (projects.state) {
      case "loading":
        return <Waiting what="your projects" />;
      case "failed":
        return <Notice kind="failed">{projects.error.message}</Notice>;
      case "stale":
      case "ready":
        if (projects.rows.length > 0) return <Found projects={projects.rows} />;
        return (
          <EmptyState icon={<IconFolders size={26} />} title="No projects yet" action={create}>
            A project holds files, terminals and the people who work on them together. Create one to get started, or ask
            somebody to add you to theirs.
          </EmptyState>
        );
    }
  };
  const some = (projects.state === "ready" || projects.state === "stale") && projects.rows.length > 0;
  return (
    <Page title="Projects" width="wide" action={some && create}>
      <title>Projects · Lyceum</title>
      {body()}
      <CreateProject open={creating} onClose={() => setCreating(false)} />
    </Page>
  );
}

function Found({ projects }: { projects: readonly Listed[] }) {
  const accountId = useAccountId();
  const [search, setSearch] = useState("");
  const [which, setWhich] = useState<Which>("active");
  const found = filtered(projects, search, which);
  return (
    <>
      <div className={styles.tools}>
        <div className={styles.search}>
          <TextField
            label="Search projects"
            hideLabel
            type="search"
            placeholder="Search projects"
            icon={<IconSearch size={16} />}
            value={search}
            onChange={setSearch}
          />
        </div>
        <Select
          label="Which projects"
          hideLabel
          value={which}
          onChange={setWhich}
          options={[
            { value: "active", label: "Active" },
            { value: "archived", label: "Archived" },
            { value: "all", label: "All" },
          ]}
        />
      </div>
      {found.length > 0 ? (
        <ProjectList projects={found} accountId={accountId} />
      ) : (
        <EmptyState icon={<IconSearch size={24} />} title="No project matches">
          {search === "" ? "Nothing is in this list." : "Try fewer letters, or look among all projects."}
        </EmptyState>
      )}
    </>
  );
}
