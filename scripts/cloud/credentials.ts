/**
 * What to do where AWS's SDK finds no credentials.
 * @returns undefined if the error is another one.
 */
export function missingCredentials({ name, message }: Error): string | undefined {
    return name === "CredentialsProviderError"
        ? `no credentials for AWS are found: export AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (${message})`
        : undefined;
}
