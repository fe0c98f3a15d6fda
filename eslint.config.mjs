import pulumi from "@pulumi/eslint-plugin";
import tseslint from "typescript-eslint";

export default tseslint.config(
    { ignores: ["node_modules", ".local", "dist", "airgap", "examples"] },
    ...tseslint.configs.recommendedTypeChecked.map((config) => ({ ...config, files: ["**/*.ts"] })),
    {
        files: ["**/*.ts"],
        languageOptions: { parserOptions: { project: "./tsconfig.json", tsconfigRootDir: import.meta.dirname } },
        plugins: { "@pulumi": pulumi },
        rules: {
            "@pulumi/no-output-in-template-literal": "error",
            "@pulumi/no-output-instance-in-template-literal": "error",
            "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
            // Interfaces of Pulumi's are asynchronous where an implementation need not be.
            "@typescript-eslint/require-await": "off",
            "max-len": [
                "error",
                {
                    code: 120,
                    comments: 140,
                    ignoreStrings: true,
                    ignoreTemplateLiterals: true,
                    ignoreRegExpLiterals: true,
                },
            ],
        },
    },
    {
        // Nothing under components/ reads configuration or the environment: it comes in as typed arguments.
        files: ["components/**/*.ts"],
        rules: {
            "no-restricted-properties": [
                "error",
                { object: "process", property: "env", message: "Take it as an argument." },
                { object: "pulumi", property: "Config", message: "Take it as an argument." },
            ],
        },
    },
);
