import static java.util.Map.entry;

import java.io.File;
import java.io.InputStream;
import java.lang.annotation.Annotation;
import java.lang.reflect.Field;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Prints settings/stormKeys.json, from Storm's own classes: `java scripts/StormKeys.java MAJOR=DIRECTORY:... ...`. Each argument is a
 * version, the oldest first: its major version, and directories with its classes or jars. Of a key that several have, the newest one's
 * kind counts, which is as wide as those before. `since 2` says that no major version before 2 has the key, `until 1` that none after 1
 * has it. A key is one of a major version if any of the versions given here has it. The table is printed by
 *
 * <pre>java scripts/StormKeys.java 1=1.2.4 2=2.0.0:2.8.3 2=2.8.8:2.8.3 3=3:2.8.3 > settings/stormKeys.json</pre>
 *
 * 1.2.4 and 2.8.3 are directories of jars: Maven Central's `storm-core`, and /apache-storm/lib of the image `storm:2.8.3`. The other
 * versions are compiled from the source of apache/storm, as jars of them are not at hand: tag v2.0.0, for keys that ended within 2; tag
 * v2.8.8; and for 3 commit 73da988d9 of July 2026, which has every key of 2.8.8.
 *
 * <pre>
 * git -C STORM archive COMMIT storm-client/src/jvm/org/apache/storm/{Config.java,validation} \
 *     storm-server/src/main/java/org/apache/storm/DaemonConfig.java conf/defaults.yaml | tar x -C SOURCE
 * javac -proc:none -d 3 -cp '2.8.3/*' $(find SOURCE -name '*.java')
 * cp SOURCE/conf/defaults.yaml 3
 * </pre>
 */
class StormKeys {
    /** Kinds that Storm has a class for each of. */
    static final Map<String, String> CUSTOM = Map.ofEntries(
        entry("KryoRegValidator", "list of registration"),
        entry("PacemakerAuthTypeValidator", "required, one of NONE DIGEST KERBEROS"),
        entry("ListOfListOfStringValidator", "list of list of text"),
        entry("MapOfStringToMapOfStringToObjectValidator", "required, map of map"),
        entry("MetricReportersValidator", "map with class"),
        entry("ClusterMetricRegistryValidator", "map with class"),
        entry("EventLoggerRegistryValidator", "map with class"),
        entry("MetricRegistryValidator", "map with class parallelism.hint"),
        entry("UserResourcePoolEntryValidator", "map with cpu memory"),
        entry("ImpersonationAclUserEntryValidator", "map with groups hosts"),
        entry("NumaEntryValidator", "map with numa.cores numa.memory.mb numa.ports"),
        entry("ZstdLevelValidator", "integer, 1 to 19"),
        entry("ZeroOneOpenIntervalValidator", "number, between 0 and 1"));

    public static void main(String[] versions) throws Exception {
        Map<String, String> kinds = new TreeMap<>();
        Map<String, TreeSet<Integer>> majors = new TreeMap<>();
        TreeSet<Integer> all = new TreeSet<>();
        for (String version : versions) {
            String[] parts = version.split("=");
            Integer major = Integer.valueOf(parts[0]);
            Map<String, String> own = kindsIn(parts[1].split(":"));
            all.add(major);
            own.keySet().forEach(key -> majors.computeIfAbsent(key, each -> new TreeSet<>()).add(major));
            kinds.putAll(own);
        }
        System.out.println(kinds.entrySet().stream().map(each -> {
            TreeSet<Integer> in = majors.get(each.getKey());
            String since = in.first().equals(all.first()) ? "" : "since " + in.first() + ", ";
            String until = in.last().equals(all.last()) ? "" : "until " + in.last() + ", ";
            return "    \"" + each.getKey() + "\": \"" + since + until + each.getValue() + "\"";
        }).collect(Collectors.joining(",\n", "{\n", "\n}")));
    }

    static Map<String, String> kindsIn(String[] directories) throws Exception {
        Map<String, String> kinds = new TreeMap<>();
        List<URL> classPath = new ArrayList<>();
        for (String directory : directories) {
            classPath.add(new File(directory).toURI().toURL());
            for (File jar : new File(directory).listFiles((parent, name) -> name.endsWith(".jar"))) {
                classPath.add(jar.toURI().toURL());
            }
        }
        ClassLoader storm = new URLClassLoader(classPath.toArray(URL[]::new));
        for (String name : new String[] {"org.apache.storm.Config", "org.apache.storm.DaemonConfig"}) {
            if (storm.getResource(name.replace('.', '/') + ".class") == null) {
                continue; // 1.x has one class for all.
            }
            for (Field field : Class.forName(name, true, storm).getDeclaredFields()) {
                boolean isKey = field.getType() == String.class && field.canAccess(null)
                    && Arrays.stream(field.getAnnotations()).noneMatch(each -> nameOf(each.annotationType()).equals("NotConf"));
                if (isKey) {
                    kinds.putIfAbsent((String) field.get(null), kindOf(field));
                }
            }
        }
        try (InputStream defaults = storm.getResourceAsStream("defaults.yaml")) {
            String text = new String(defaults.readAllBytes(), StandardCharsets.UTF_8);
            Pattern.compile("^([a-z][^:\\s]*):", Pattern.MULTILINE).matcher(text).results()
                .forEach(match -> kinds.putIfAbsent(match.group(1), "anything"));
        }
        return kinds;
    }

    /** What all of the field's annotations demand: whether it is required, then the type, then which values of that. */
    static String kindOf(Field field) {
        List<String> ranges = List.of("0 or more", "above 0", "power of 2", "no duplicates");
        List<String> demands = Arrays.stream(field.getAnnotations()).map(StormKeys::demand).filter(each -> !each.isEmpty()).distinct()
            .sorted(Comparator.comparing(each -> each.equals("required") ? -1 : ranges.indexOf(each) + 1)).collect(Collectors.toList());
        boolean hasType = demands.stream().anyMatch(each -> !each.equals("required") && !ranges.contains(each));
        Stream<String> type = hasType ? Stream.empty() : Stream.of(demands.isEmpty() ? "anything" : "number");
        return Stream.concat(type, demands.stream()).sorted(Comparator.comparing(each -> each.equals("required") ? 0 : 1))
            .collect(Collectors.joining(", "));
    }

    static String demand(Annotation annotation) {
        switch (nameOf(annotation.annotationType()).toLowerCase()) {
            case "isstring": {
                String values = String.join(" ", (String[]) valueOf(annotation, "acceptedValues"));
                return values.isEmpty() ? "text" : "required, one of " + values;
            }
            case "isimplementationofclass": return "text";
            case "isinteger": return "integer";
            case "islong": return "long";
            case "isnumber": return "number";
            case "ispositivenumber": return (boolean) valueOf(annotation, "includeZero") ? "0 or more" : "above 0";
            case "ispowerof2": return "power of 2";
            case "isboolean": return "boolean";
            case "notnull": case "password": return "required";
            case "isnoduplicateinlist": return "no duplicates";
            case "isstringlist": case "islistentrytype": return "list of " + simple((Class<?>) valueOf(annotation, "type"));
            case "isstringorstringlist": return "text or list of text";
            case "ismapentrytype": return "map of " + simple((Class<?>) valueOf(annotation, "valueType"));
            case "istype": return simple((Class<?>) valueOf(annotation, "type"));
            case "islistentrycustom": return "list of " + entries(annotation, "entryValidatorClasses");
            case "ismapentrycustom": return "map of " + entries(annotation, "valueValidatorClasses");
            case "isexactlyoneof": return "list of list of text or map of map";
            case "iskryoreg": case "customvalidator": return CUSTOM.get(nameOf((Class<?>) valueOf(annotation, "validatorClass")));
            // What several keys must agree on is no kind of one key's value.
            case "deprecated": case "customcombovalidator": return "";
            default: throw new IllegalArgumentException("not known: " + annotation);
        }
    }

    static String entries(Annotation annotation, String member) {
        String names = Arrays.stream((Class<?>[]) valueOf(annotation, member)).map(StormKeys::nameOf).collect(Collectors.joining(" "));
        return names.equals("IntegerValidator PositiveNumberValidator") ? "port" : CUSTOM.get(names);
    }

    static String simple(Class<?> type) {
        return Map.of("String", "text", "Number", "number", "Map", "map").get(nameOf(type));
    }

    static String nameOf(Class<?> type) {
        return type.getSimpleName();
    }

    static Object valueOf(Annotation annotation, String member) {
        try {
            return annotation.annotationType().getMethod(member).invoke(annotation);
        } catch (ReflectiveOperationException error) {
            throw new IllegalArgumentException(error);
        }
    }
}
