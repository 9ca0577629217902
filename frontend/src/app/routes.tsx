import {
  createRootRoute,
  createRoute,
  createRouter,
  type ErrorComponentProps,
  lazyRouteComponent,
  redirect,
  type RouterHistory,
} from "@tanstack/react-router";
import { Waiting } from "../ui/Waiting";
import { Broken } from "./Broken";
import { NotFound } from "./NotFound";

/**
 * Every address of the application, below the base path. Pages are loaded when
 * somebody comes to them.
 */
const root = createRootRoute();

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  // to: where to go afterwards; ended: a sign-in has just ended.
  validateSearch: (search): { to?: string; ended?: boolean } => ({
    ...(typeof search["to"] === "string" && { to: search["to"] }),
    ...(search["ended"] === true && { ended: true }),
  }),
  component: lazyRouteComponent(() => import("../features/account/SignInPage"), "SignInPage"),
});

const signUp = createRoute({
  getParentRoute: () => root,
  path: "/sign-up",
  component: lazyRouteComponent(() => import("../features/account/SignUpPage"), "SignUpPage"),
});

const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  component: lazyRouteComponent(() => import("./Shell"), "Shell"),
});

const home = createRoute({
  getParentRoute: () => shell,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/projects", replace: true });
  },
});

const projects = createRoute({
  getParentRoute: () => shell,
  path: "/projects",
  component: lazyRouteComponent(() => import("../features/projects/ProjectsPage"), "ProjectsPage"),
});

const settings = createRoute({
  getParentRoute: () => shell,
  path: "/settings",
  component: lazyRouteComponent(() => import("../features/settings/SettingsPage"), "SettingsPage"),
});

const server = createRoute({
  getParentRoute: () => shell,
  path: "/server",
  component: lazyRouteComponent(() => import("../features/admin/ServerPage"), "ServerPage"),
});

const limits = createRoute({
  getParentRoute: () => shell,
  path: "/server/limits",
  validateSearch: (search): { project?: string } => ({
    ...(typeof search["project"] === "string" && { project: search["project"] }),
  }),
  component: lazyRouteComponent(() => import("./LimitsRoute"), "LimitsRoute"),
});

const data = createRoute({
  getParentRoute: () => shell,
  path: "/data",
  component: lazyRouteComponent(() => import("../features/data/DataPage"), "DataPage"),
});

const project = createRoute({
  getParentRoute: () => shell,
  path: "/projects/$projectId",
  component: lazyRouteComponent(() => import("./ProjectRoute"), "ProjectRoute"),
});

const projectHome = createRoute({
  getParentRoute: () => project,
  path: "/",
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/projects/$projectId/files/$", params: { ...params, _splat: "" }, replace: true });
  },
});

// What these show is one page with frames: ProjectRoute reads where it is from the address.
const folder = createRoute({ getParentRoute: () => project, path: "/files/$" });
const document = createRoute({ getParentRoute: () => project, path: "/edit/$" });
const terminal = createRoute({ getParentRoute: () => project, path: "/terminals/$terminalId" });
const projectSettings = createRoute({ getParentRoute: () => project, path: "/settings" });

const tree = root.addChildren([
  signIn,
  signUp,
  shell.addChildren([
    home,
    projects,
    settings,
    data,
    server,
    limits,
    project.addChildren([projectHome, folder, document, terminal, projectSettings]),
  ]),
]);

/** @param history where the address is kept; the browser's own without one */
export function makeRouter(basepath: string, history?: RouterHistory) {
  return createRouter({
    routeTree: tree,
    basepath,
    history,
    defaultPreload: "intent",
    defaultPendingComponent: () => <Waiting what="this page" />,
    defaultNotFoundComponent: NotFound,
    defaultErrorComponent: ({ error, reset }: ErrorComponentProps) => <Broken error={error} onRetry={reset} />,
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
