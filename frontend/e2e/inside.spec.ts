import { existsSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { command, newTerminal, shows, terminalText } from "./fixtures/terminal";
import { expect, test } from "./fixtures/test";

/** Connects as a program on the host does; resolves when it is connected. */
async function connected(port: number): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  socket.destroy();
}

// Who may type into a terminal is somebody with a shell on the machine of a
// school: what he finds beyond his project is what he can read, copy and break.
test("from a terminal, nothing of the host is in reach", async ({ server, world: { ada, bob } }) => {
  test.setTimeout(120_000);
  // Nothing listens on 127.0.0.1 inside; a server of the host does outside.
  let asked = 0;
  const host = createServer((_, response) => response.end("of the host"));
  host.on("connection", () => asked++);
  await new Promise<void>((resolve) => host.listen(0, "127.0.0.1", resolve));
  host.unref();
  const { port } = host.address() as AddressInfo;

  const other = await ada.createProject("Not Bob's");
  await ada.upload(other, "secret.txt", "a secret of Ada\n");
  const data = realpathSync(server.data);
  const secret = join(data, "projects", other, "home", "secret.txt");
  const marker = join(data, "of-the-server.txt");
  writeFileSync(marker, "a secret of the server\n");
  // What is out of reach below must be there, or the test shows nothing.
  expect(readFileSync(secret, "utf8")).toBe("a secret of Ada\n");
  expect(existsSync("/etc/shadow")).toBe(true);
  await connected(port);
  const before = asked;

  const project = await bob.createProject("Bob's");
  await bob.goto(`projects/${project}`);
  await newTerminal(bob.page);
  /** What a command prints, with its exit code. The words at its end are not those that are typed. */
  let count = 0;
  const printed = async (line: string): Promise<string> => {
    const n = ++count;
    await command(bob.page, `clear; ${line}; echo "exit $? of $((${n}+1000))"`);
    await shows(bob.page, new RegExp(`exit \\d+ of ${n + 1000}\\b`));
    const text = await terminalText(bob.page);
    return text.replace(/\s+/g, " ");
  };
  const refused = async (line: string, why: RegExp) => {
    const text = await printed(line);
    expect(text, line).toMatch(why);
    expect(text, line).toMatch(/exit [1-9]\d* of/);
  };

  await test.step("the shell works, as an ordinary user in its own home", async () => {
    expect(await printed("echo $((6*7)) > mine.txt; cat mine.txt; id -u")).toMatch(/42 1000 exit 0 of/);
  });

  await test.step("processes of the host", async () => {
    const own = await printed("ps -e -o pid=,comm= | wc -l; cat /proc/[0-9]*/comm | sort -u | tr '\\n' ' '");
    const [, processes] = /(\d+) /.exec(own) ?? [];
    expect(Number(processes), own).toBeLessThan(12); // the agent, the shell, what the command consists of
    expect(own).not.toMatch(/node|chrom|systemd|\blyceum\b(?!-)/);
    await refused(`kill -0 ${process.pid}`, /No such process/);
    await refused(`cat /proc/${process.pid}/cmdline`, /No such file or directory/);
    await refused("cat /proc/1/environ", /Permission denied|No such file/);
    await printed("kill -KILL 1"); // the kernel lets nobody inside end process 1: all goes on
  });

  await test.step("files of the host", async () => {
    await refused("cat /etc/shadow", /\/etc\/shadow: (Permission denied|No such file or directory)/);
    expect(await printed("ls -A /root"), "an empty folder, if any").toMatch(
      /^exit 0 of|Permission denied|No such file/,
    );
    await refused("touch /etc/bob", /(Read-only file system|Permission denied)/);
    await refused("touch /usr/bin/bob", /(Read-only file system|Permission denied)/);
  });

  await test.step("the data directory, and other projects in it", async () => {
    for (const path of [data, marker, join(data, "projects"), secret]) {
      await refused(`ls ${path}`, /No such file or directory|Permission denied/);
    }
    await refused(`cat ${secret}`, /No such file or directory|Permission denied/);
    expect(await printed(`ln -s ${secret} link.txt; cat link.txt`)).toMatch(
      /No such file or directory|Permission denied/,
    );
    const followed = await bob.context.request.get(bob.fileURL(project, "link.txt"));
    expect(followed.status(), "a link is not followed out of the project").toBeGreaterThanOrEqual(400);
    expect(await followed.text()).not.toContain("a secret of Ada");
    await refused(`find / -xdev -name of-the-server.txt 2>/dev/null | grep .`, /exit 1 of/);
  });

  await test.step("127.0.0.1 and the addresses of the host", async () => {
    const served = new URL(server.url).port;
    for (const target of [`127.0.0.1/${port}`, `localhost/${port}`, `127.0.0.1/${served}`]) {
      await refused(`timeout 5 bash -c 'exec 3<>/dev/tcp/${target}'`, /Connection refused|Network is unreachable/);
    }
    expect(asked, "connections from inside").toBe(before);
  });
});
