import * as fs from "fs";
import * as path from "path";

/** A comment, or an issue. */
export interface Post {
    id: number;
    number?: number;
    /** Of a comment: the number of its issue, or pull request. */
    issue?: string;
    title?: string;
    state?: string;
    body: string;
    user: { login: string };
}

/** What is on GitHub. */
export interface Store {
    /** Whether the token may only read, as a fork's does. */
    readOnly?: boolean;
    issues?: Post[];
    comments?: Post[];
}

/** What the stand-in `gh` beside this file works on. */
export class GitHub {
    private readonly file: string;
    /** Variables with which the stand-in is found, and finds this. */
    readonly environment: Record<string, string>;

    /**
     * @param folder Where its file is.
     * @param store What is there.
     */
    constructor(folder: string, store: Store = {}) {
        this.file = path.join(folder, "github.json");
        fs.writeFileSync(this.file, JSON.stringify(store));
        const PATH = `${path.resolve("test/ci")}${path.delimiter}${process.env.PATH}`;
        this.environment = { PATH, GH_STAND_IN: this.file, GH_TOKEN: "stand-in" };
    }

    get comments(): Post[] {
        return this.read().comments ?? [];
    }

    get issues(): Post[] {
        return this.read().issues ?? [];
    }

    private read(): Store {
        return JSON.parse(fs.readFileSync(this.file, "utf8")) as Store;
    }
}
